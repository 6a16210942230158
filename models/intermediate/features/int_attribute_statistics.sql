-- noqa: disable=LT02
{%- set attributes = dictionary() | rejectattr('role', 'in', ['id', 'binned']) | list -%}
{%- set numbers = attributes | selectattr('data_type', 'in', ['number', 'integer', 'flag']) | list %}

with

-- Read twice, not kept: DuckDB scans kept rows in several threads and would add them up in a changing order.
customers as not materialized (

    select * from {{ ref('int_customer_attributes') }}

),

summaries as (

    select
        {%- for attribute in attributes %}
        {
            'customers': count(*),
            'known_customers': count({{ attribute.attribute }}),
            {%- if attribute in numbers %}
            'zeros': count(*) filter (where {{ attribute.attribute }} = 0),
            'minimum': min(cast({{ attribute.attribute }} as double)),
            'maximum': max(cast({{ attribute.attribute }} as double)),
            'mean': avg(cast({{ attribute.attribute }} as double)),
            'median': quantile_cont(cast({{ attribute.attribute }} as double), 0.5),
            'std_dev': stddev_samp(cast({{ attribute.attribute }} as double)),
            'skewness': {{ skewness(attribute.attribute) }},
            'skewness_log1p': {{ skewness('ln(1 + if(' ~ attribute.attribute ~ ' < 0, 0, ' ~ attribute.attribute ~ '))') }}
            {%- else %}
            'zeros': null::bigint,
            'minimum': null::double,
            'maximum': null::double,
            'mean': null::double,
            'median': null::double,
            'std_dev': null::double,
            'skewness': null::double,
            'skewness_log1p': null::double
            {%- endif %}
        } as {{ attribute.attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers

),

by_attribute as (

    unpivot summaries
    on columns(*)
    into name attribute value summary

),

-- Apart from the means, because DuckDB keeps the rows of an aggregation that has distinct counts as well.
distinct_counts as (

    select
        {%- for attribute in attributes %}
        count(distinct {{ attribute.attribute }}) as {{ attribute.attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers

),

distinct_counts_by_attribute as (

    unpivot distinct_counts
    on columns(*)
    into name attribute value distinct_values

),

joined as (

    select
        by_attribute.attribute,
        by_attribute.summary,
        distinct_counts_by_attribute.distinct_values
    from by_attribute
    inner join distinct_counts_by_attribute
        on by_attribute.attribute = distinct_counts_by_attribute.attribute

)

select
    attribute,
    distinct_values,
    summary.*
from joined
