{% macro build_stages() %}
    {#- The stages that rpt_build_log tells of, in their order, and the folders whose nodes they are. Tests are a stage of their own. -#}
    {{ return({
        'seeds': ['seeds'],
        'staging': ['models/staging'],
        'intermediate': ['models/intermediate'],
        'python_models': ['python_models'],
        'marts': ['models/marts'],
        'tests': [],
    }) }}
{% endmacro %}
