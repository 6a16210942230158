-- noqa: disable=LT02
{%- set file_columns = column_names(ref('base_crm__customers_raw'))
    | reject('in', ['_row_number', '_file_name', '_read_error', '_raw_line']) | list -%}
{%- set attributes_with_tokens = dictionary() | selectattr('missing_tokens') | list %}

with

file_rows as (

    select
        {%- for column in file_columns %}
        coalesce({{ adapter.quote(column) }}, '') as {{ adapter.quote(column) }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('base_crm__customers_raw') }}
    where
        _read_error is null
        and _row_number <= 10000

),

-- A row for each value of the file: whatever the columns are called, one expression reads them all.
file_values as (

    unpivot file_rows
    on columns(*)
    into name column_name value raw_value

),

trimmed as (

    select
        column_name,
        {{ trimmed_text('raw_value') }} as trimmed_value
    from file_values

),

known as (

    select
        column_name,
        case
            {%- for attribute in attributes_with_tokens %}
            when
                column_name = {{ sql_literal(attribute.attribute) }}
                and {{ known_text('trimmed_value', attribute.missing_tokens.split('|')) }} is null
                then null
            {%- endfor %}
            else {{ known_text('trimmed_value') }}
        end as known_value
    from trimmed

),

parsed as (

    select
        column_name,
        known_value,
        {{ parse_number('known_value') }} as known_number
    from known

),

counts as (

    select
        column_name,
        count(*) as examined_rows,
        count(known_value) as known_values,
        count(known_number) as numbers,
        count(*) filter (where known_number = floor(known_number)) as whole_numbers,
        count({{ parse_flag('known_value') }}) as flags,
        count(case when known_number is null then {{ parse_date('known_value') }} end) as dates
    from parsed
    group by column_name

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
