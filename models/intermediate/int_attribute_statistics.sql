-- noqa: disable=LT02
{%- set attributes = dictionary() | rejectattr('role', 'in', ['id', 'binned']) | list -%}
{%- set numbers = attributes | selectattr('data_type', 'in', ['number', 'integer', 'flag']) | list %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

summaries as (

    select
        {%- for attribute in attributes %}
        {
            'customers': count(*),
            'known_customers': count({{ attribute.attribute }}),
            'distinct_values': count(distinct {{ attribute.attribute }}),
            {%- if attribute in numbers %}
            'zeros': count(*) filter (where {{ attribute.attribute }} = 0),
            'minimum': min(cast({{ attribute.attribute }} as double)),
            'maximum': max(cast({{ attribute.attribute }} as double)),
            'mean': avg(cast({{ attribute.attribute }} as double)),
            'median': quantile_cont(cast({{ attribute.attribute }} as double), 0.5),
            'std_dev': stddev_samp(cast({{ attribute.attribute }} as double)),
            'skewness': {{ skewness(attribute.attribute) }},
            'skewness_log1p': {{ skewness('ln(1 + greatest(' ~ attribute.attribute ~ ', 0))') }}
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

)

select
    attribute,
    summary.*
from by_attribute
