{% macro parse_number(column) -%}
    {#-
        A number from clean text, or null: plain numbers first, because they are nearly all; then
        full-width digits, currency signs, thousands separators, percent signs and (1,234) for -1234.
    -#}
    {%- set half_width = "translate(" ~ column ~ ", '０１２３４５６７８９．，％－＋（）￥＄　', '0123456789.,%-+()¥$ ')" -%}
    {%- set bare = "regexp_replace(upper(" ~ half_width ~ "), '(US\\$|USD|RMB|CNY|HK\\$|[$¥€£元\\s])', '', 'g')" -%}
    {%- set number = "try_cast(replace(rtrim(trim(" ~ bare ~ ", '()'), '%'), ',', '') as double)" -%}
    case
        when isfinite(try_cast({{ column }} as double)) then try_cast({{ column }} as double)
        when regexp_full_match({{ bare }}, '[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?%?')
            then {{ number }} / case when right({{ bare }}, 1) = '%' then 100 else 1 end
        when regexp_full_match({{ bare }}, '\((\d{1,3}(,\d{3})+|\d+)(\.\d+)?\)') then -{{ number }}
    end
{%- endmacro %}
