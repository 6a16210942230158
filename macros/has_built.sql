{% macro has_built(results, names) %}
    {#- Whether a build or run made these models anew and nothing in it failed. -#}
    {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'skipped', 'runtime error']) | list -%}
    {%- set built = results | map(attribute='node') | map(attribute='name') | list -%}
    {{ return(not failed and names | reject('in', built) | list | length == 0) }}
{% endmacro %}
