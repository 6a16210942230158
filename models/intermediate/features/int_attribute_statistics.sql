-- noqa: disable=LT02
{%- set attributes = dictionary() | rejectattr('role', 'in', ['id', 'binned']) | list -%}
{%- set numbers = attributes | selectattr('data_type', 'in', ['number', 'integer', 'flag']) | list %}

with

-- Read twice, not kept: DuckDB scans kept rows in several threads and would add them up in a changing order.
customers as not materialized (

    select * from {{ ref('int_customer_attributes') }}

),

training_customers as (

    select * from {{ ref('int_training_customers') }}

),

training_attributes as (

    select customers.*
    from customers
    inner join training_customers
        on customers.customer_id = training_customers.customer_id

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
            'std_dev': stddev_samp(cast({{ attribute.attribute }} as double)),
            'skewness': {{ skewness(attribute.attribute) }},
            'skewness_log1p': {{ skewness('ln(1 + if(' ~ attribute.attribute ~ ' < 0, 0, ' ~ attribute.attribute ~ '))') }}
            {%- else %}
            'zeros': null::bigint,
            'minimum': null::double,
            'maximum': null::double,
            'mean': null::double,
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

-- Of the training customers alone: medians and distinct counts keep every value until the last is read.
training_summaries as (

    select
        {%- for attribute in attributes %}
        {
            'distinct_values': count(distinct {{ attribute.attribute }}),
            'median': {{ 'quantile_cont(cast(' ~ attribute.attribute ~ ' as double), 0.5)' if attribute in numbers else 'null::double' }}
        } as {{ attribute.attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from training_attributes

),

training_summaries_by_attribute as (

    unpivot training_summaries
    on columns(*)
    into name attribute value summary

),

joined as (

    select
        by_attribute.attribute,
        by_attribute.summary,
        training_summaries_by_attribute.summary as training_summary
    from by_attribute
    inner join training_summaries_by_attribute
        on by_attribute.attribute = training_summaries_by_attribute.attribute

)

select
    attribute,
    training_summary.*,
    summary.*
from joined
