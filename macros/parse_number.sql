{% macro parse_number(column) -%}
    {#-
        A number from clean text, or null: plain numbers first, because they are nearly all; then full-width
        digits, currency signs, thousands separators, percent signs (a hundredth) and (1,234) for -1234.
        Beyond 1e50 nothing is a number: sums of its powers would overflow.
    -#}
    {%- set half_width = "translate(" ~ column ~ ", '０１２３４５６７８９．，％－＋（）￥＄　', '0123456789.,%-+()¥$ ')" -%}
    {%- set currency = '(US\\$|USD|RMB|CNY|HK\\$|[$¥€£元])?' -%}
    {%- set signed = "regexp_replace(" ~ half_width ~ ", '^\\((.*)\\)$', '-\\1')" -%}
    {%- set pattern = '[+-]? *' ~ currency ~ ' *[+-]?(\\d{1,3}(,\\d{3})+|\\d+)(\\.\\d+)? *' ~ currency ~ '%?' -%}
    case
        when abs(try_cast({{ column }} as double)) < 1e50 then try_cast({{ column }} as double)
        when length({{ column }}) < 50 and regexp_full_match({{ signed }}, '{{ pattern }}', 'i')
            then try_cast(regexp_replace({{ signed }}, '[^0-9.+-]', '', 'g') as double)
                / case when right({{ signed }}, 1) = '%' then 100 else 1 end
    end
{%- endmacro %}
