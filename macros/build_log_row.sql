{% macro build_log_row(stage, stage_order, results, seconds) -%}
    {#- What the results of a stage come to, as a query of one row; `seconds` is a number or an expression, below 0 where the clock
        was set back meanwhile. -#}
    {%- set failed = results | selectattr('status', 'in', ['error', 'fail', 'runtime error']) | map(attribute='node') -%}
    select
        '{{ stage }}' as stage,
        {{ stage_order }} as stage_order,
        {{ results | rejectattr('status', 'equalto', 'skipped') | list | length }} as nodes,
        round(greatest({{ seconds }}, 0), 3) as seconds,
        {{ results | selectattr('status', 'equalto', 'warn') | list | length }} as warnings,
        {{ sql_literal(failed | map(attribute='name') | sort | join(', ')) }} as failures
{%- endmacro %}
