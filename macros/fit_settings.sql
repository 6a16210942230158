{% macro fit_settings() %}
    {#- The settings that a fit depends on, by name; not those that only word or show it. -#}
    {%- set settings = {} -%}
    {%- for name in setting_names() if name not in ['report_language', 'final_k_reason'] -%}
        {%- do settings.update({name: var(name)}) -%}
    {%- endfor -%}
    {{ return(settings) }}
{% endmacro %}
