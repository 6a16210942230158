{% macro check_model_version() %}
    {#- Stop where the var model_version names no kept model, or a run would fit another one beside it. -#}
    {%- if var('model_version') -%}
        {%- set models = relation_rows(kept_relation('dim_models'), order_by='as_of_date, model_version') -%}
        {%- set versions = models | map(attribute='model_version') | list -%}
        {%- if var('model_version') not in versions -%}
            {{ exceptions.raise_compiler_error(
                'model_version is ' ~ var('model_version') ~ ', but no such model is kept. '
                ~ ('Give one of ' ~ versions | join(', ') ~ ' (table dim_models).' if versions else 'Fit one first, with dbt build.')
            ) }}
        {%- endif -%}
        {%- if 'model.' ~ project_name ~ '.ml_kprototypes_parameters' in selected_resources -%}
            {{ exceptions.raise_compiler_error(
                'model_version is ' ~ var('model_version') ~ ', but this run fits a new model. Score with the kept one: '
                ~ 'dbt build --selector score, or leave model_version away.'
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
