{% macro skewness(expression) -%}
    {#- Adjusted Fisher-Pearson skewness (as pandas' skew); null where there is no variation. -#}
    case when min({{ expression }}) < max({{ expression }}) then skewness({{ expression }}) end
{%- endmacro %}
