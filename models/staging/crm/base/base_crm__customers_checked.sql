-- noqa: disable=LT02
{{ config(post_hook=[
    "{{ stop_when_too_few_customers() }}", "{{ stop_when_value_is_unknown() }}", "{{ stop_when_date_is_wrong() }}"
]) }}

{%- set id = id_attribute() -%}
{%- set attributes = dictionary() | rejectattr('role', 'equalto', 'binned') | list -%}
{%- set file_columns = column_names(ref('base_crm__customers_raw')) -%}
{%- set present = attributes | selectattr('attribute', 'in', file_columns) | list -%}
{%- set absent = attributes | rejectattr('attribute', 'in', file_columns) | list -%}
{%- set names = attributes | selectattr('data_type', 'equalto', 'text') | selectattr('role', 'equalto', 'excluded') | list -%}
{%- set ranged = present | selectattr('out_of_range_policy') | list %}

with

file_rows as (

    select * from {{ ref('base_crm__customers_raw') }}

),

trimmed as (

    select
        _row_number as row_number,
        _read_error as read_error
        {%- for attribute in present %},
        {{ trimmed_text(adapter.quote(attribute.attribute)) }} as {{ attribute.attribute }}__trimmed
        {%- endfor %}
    from file_rows

),

cleaned as (

    select
        row_number,
        read_error
        {%- for attribute in present %},
        {{ known_text(attribute.attribute ~ '__trimmed', (attribute.missing_tokens or '').split('|')) }} as {{ attribute.attribute }}__text
        {%- endfor %}
    from trimmed

),

numbers as (

    select
        *
        {%- for attribute in present if attribute.data_type in ['number', 'integer'] %},
        {{ parse_number(attribute.attribute ~ '__text') }} as {{ attribute.attribute }}__number
        {%- endfor %}
    from cleaned

),

parsed as (

    select
        *
        {%- for attribute in present %},
        {{ parse_value(attribute.attribute, attribute.data_type) }} as {{ attribute.attribute }}
        {%- endfor %}
        {%- for attribute in absent if not attribute.derivation %},
        cast(null as {{ column_type(attribute.data_type) }}) as {{ attribute.attribute }}
        {%- endfor %}
    from numbers

),

with_issues as (

    select
        *,
        list_filter(
            [
                cast(null as struct(attribute varchar, issue varchar, raw_value varchar))
                {%- for attribute in present if attribute.data_type != 'text' %},
                case
                    when {{ attribute.attribute }}__text is not null and {{ attribute.attribute }} is null
                        then {
                            'attribute': '{{ attribute.attribute }}',
                            'issue': 'unreadable',
                            'raw_value': {{ attribute.attribute }}__text
                        }
                    {%- if attribute.out_of_range_policy %}
                    when {{ is_out_of_range(attribute) }}
                        then {
                            'attribute': '{{ attribute.attribute }}',
                            'issue': 'out_of_range',
                            'raw_value': {{ attribute.attribute }}__text
                        }
                    {%- endif %}
                end
                {%- endfor %}
            ],
            lambda issue: issue is not null
        ) as value_issues,
        concat_ws('; '
            {%- for attribute in ranged if attribute.out_of_range_policy == 'reject' %},
            case when {{ is_out_of_range(attribute) }} then '{{ attribute.attribute }} = ' || {{ attribute.attribute }}__text end
            {%- endfor %}, null) as refused_values
    from parsed

),

in_range as (

    select
        row_number,
        read_error,
        value_issues,
        refused_values,
        {{ id }}__text as customer_id
        {%- for attribute in attributes if attribute.role != 'id' and (attribute in present or not attribute.derivation) %},
        {{ apply_range_policy(attribute) if attribute in ranged else attribute.attribute }} as {{ attribute.attribute }}
        {%- endfor %},
        {% for attribute in present -%}
        ({{ attribute.attribute }} is not null)::integer{{ ' + ' if not loop.last }}
        {%- endfor %} as known_values,
        md5(
            concat_ws(
                '|'
                {%- for attribute in present %},
                coalesce({{ attribute.attribute }}__text, '')
                {%- endfor %}
            )
        ) as row_hash
    from with_issues

),

derived as (

    select
        *
        {%- for attribute in absent if attribute.derivation %},
        cast({{ attribute.derivation }} as {{ column_type(attribute.data_type) }}) as {{ attribute.attribute }}
        {%- endfor %}
    from in_range

),

with_derived as (

    select
        * replace (
            row_number as row_number
            {%- for attribute in absent if attribute.derivation and attribute.out_of_range_policy %},
            {{ apply_range_policy(attribute) }} as {{ attribute.attribute }}
            {%- endfor %}
        )
    from derived

),

with_row_reason as (

    select
        *,
        case
            when read_error is not null then 'unreadable_row'
            when customer_id is null then 'missing_id'
            when
                regexp_replace(lower(customer_id), '[\s:：.。()（）-]', '', 'g') in (
                    '合计', '总计', '小计', '汇总', '总和', '平均', 'total', 'grandtotal', 'subtotal', 'sum', 'average'
                )
                then 'summary_row'
            when refused_values != '' then 'out_of_range'
        end as row_reason
    from with_derived

),

-- Of a repeated id the most complete row is kept; ties go by the row's content, never by its place in the file.
with_duplicates as (

    select
        *,
        case
            when row_reason is null
                then first_value(row_number) over (
                    partition by customer_id, row_reason
                    order by known_values desc, row_hash asc, row_number asc
                )
        end as kept_row_number
    from with_row_reason

)

select
    * exclude (row_reason, read_error, refused_values, known_values, row_hash, kept_row_number)
    {%- if var('pseudonymize') %}
    replace (
        pseudonym(customer_id) as customer_id
        {%- for attribute in names %},
        cast(null as varchar) as {{ attribute.attribute }}
        {%- endfor %}
    )
    {%- endif %},
    case
        when row_reason is not null then row_reason
        when row_number != kept_row_number then 'duplicate_id'
    end as rejection_reason,
    case
        when row_reason = 'unreadable_row' then read_error
        when row_reason = 'missing_id' then 'The row has no {{ id }}.'
        when row_reason = 'summary_row' then 'The id says that this is a summary row.'
        when row_reason = 'out_of_range' then refused_values
        when row_number != kept_row_number then 'The same id is kept from row ' || kept_row_number || '.'
    end as rejection_detail
from with_duplicates
-- The order of the file, whatever the number of threads: sums of floats depend on the order of their rows.
order by row_number
