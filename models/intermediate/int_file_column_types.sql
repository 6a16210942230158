-- noqa: disable=LT02
{%- set file_columns = column_names(ref('base_crm__customers_raw'))
    | reject('in', ['_row_number', '_read_error', '_raw_line']) | list -%}
{%- set missing_tokens = {} -%}
{%- for attribute in dictionary() -%}
    {%- do missing_tokens.update({attribute.attribute: (attribute.missing_tokens or '').split('|')}) -%}
{%- endfor %}

with

file_rows as (

    select * from {{ ref('base_crm__customers_raw') }}
    where
        _read_error is null
        and _row_number <= {{ var('training_rows') }}

),

-- Columns of a file may have any name: here they go by their position.
cleaned as (

    select
        _row_number
        {%- for column in file_columns %},
        {{ clean_text(adapter.quote(column), missing_tokens.get(column, [])) }} as text_{{ loop.index }}
        {%- endfor %}
    from file_rows

),

parsed as (

    select
        *
        {%- for column in file_columns %},
        {{ parse_number('text_' ~ loop.index) }} as number_{{ loop.index }}
        {%- endfor %}
    from cleaned

),

summaries as (

    select
        {%- for column in file_columns %}
        {%- set text = 'text_' ~ loop.index %}
        {%- set number = 'number_' ~ loop.index %}
        {
            'examined_rows': count(*),
            'known_values': count({{ text }}),
            'numbers': count({{ number }}),
            'whole_numbers': count(*) filter (where {{ number }} = floor({{ number }})),
            'flags': count({{ parse_flag(text) }}),
            'dates': count({{ parse_date(text) }}) filter (where {{ number }} is null)
        } as {{ adapter.quote(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from parsed

),

by_column as (

    unpivot summaries
    on columns(*)
    into name column_name value summary

),

counts as (

    select
        column_name,
        summary.*
    from by_column

)

select
    column_name,
    examined_rows,
    known_values,
    case
        when known_values = 0 then 'empty'
        when dates >= 0.95 * known_values then 'date'
        when flags >= 0.95 * known_values then 'flag'
        when whole_numbers >= 0.95 * known_values then 'integer'
        when numbers >= 0.95 * known_values then 'number'
        else 'text'
    end as found_type
from counts
