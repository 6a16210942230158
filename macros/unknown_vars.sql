{% macro unknown_vars() %}
    {#- What is wrong with vars that nothing reads, which dbt passes over in silence: each with the nearest name that is read. -#}
    {%- set in_project = fromyaml(run_query("select content from read_text('dbt_project.yml')").rows[0][0]).vars or {} -%}
    {%- set places = {
        '--vars': invocation_args_dict.vars or {},
        'dbt_project.yml': in_project,
        'dbt_project.yml, ' ~ project_name: in_project[project_name] or {},
    } -%}
    {%- set messages = [] -%}
    {%- for place, given in places.items() -%}
        {%- for name in given if name not in var_names() + [project_name] -%}
            {%- set call -%}
                select arg_max(name, jaro_winkler_similarity(name, lower({{ sql_literal(name) }})))
                from unnest([{% for known in var_names() %}{{ sql_literal(known) }}{{ ', ' if not loop.last }}{% endfor %}]) as known (name)
            {%- endset -%}
            {%- do messages.append(
                name ~ ' (' ~ place ~ ') is no var of this project; did you mean ' ~ run_query(call).rows[0][0] ~ '?'
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(messages) }}
{% endmacro %}
