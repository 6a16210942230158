{% macro check_vars() %}
    {#- Stop on settings that cannot work, and say what would. -#}
    {%- set faults = [] -%}
    {%- for k in var('k_values') if k is not integer or k < 2 -%}
        {%- do faults.append('k_values holds ' ~ k ~ '; give whole numbers of at least 2, such as [4, 5, 6, 7].') -%}
    {%- endfor -%}
    {%- if not var('k_values') -%}
        {%- do faults.append('k_values is empty; give at least one number of segments, such as [4, 5, 6, 7].') -%}
    {%- endif -%}
    {%- if var('final_k') is not none and var('final_k') not in var('k_values') -%}
        {%- do faults.append('final_k is ' ~ var('final_k') ~ ', which is not among k_values ' ~ var('k_values') ~ '; add it there or choose one of them.') -%}
    {%- endif -%}
    {%- for name in ['high_spend_share', 'max_missing_share'] if not 0 < var(name) <= 1 -%}
        {%- do faults.append(name ~ ' is ' ~ var(name) ~ '; give a share between 0 and 1.') -%}
    {%- endfor -%}
    {%- for name in ['training_rows', 'min_customers', 'n_init'] if var(name) is not integer or var(name) < 1 -%}
        {%- do faults.append(name ~ ' is ' ~ var(name) ~ '; give a whole number of at least 1.') -%}
    {%- endfor -%}
    {%- if var('borderline_margin') < 0 -%}
        {%- do faults.append('borderline_margin is ' ~ var('borderline_margin') ~ '; give 0 or more.') -%}
    {%- endif -%}
    {%- if var('as_of_date') and not modules.re.fullmatch('\\d{4}-\\d{2}-\\d{2}', var('as_of_date') | string) -%}
        {%- do faults.append("as_of_date is " ~ var('as_of_date') ~ "; write it as 'YYYY-MM-DD'.") -%}
    {%- endif -%}
    {%- if faults -%}
        {{ exceptions.raise_compiler_error('Settings that cannot work:\n- ' ~ faults | join('\n- ')) }}
    {%- endif -%}
{% endmacro %}
