-- noqa: disable=LT02
{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding'
) -%}
{%- set numbers = features | rejectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list -%}
{%- set categories = features | selectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list %}

with

-- Read more than once, not kept: DuckDB scans kept rows in several threads and would add them up in a changing order.
customers as not materialized (

    select * from {{ ref('int_final_customers') }}
    where is_training_customer

),

means as (

    select
        cluster,
        count(*) as customers
        {%- for attribute in numbers %},
        avg({{ attribute }}) as {{ attribute }}
        {%- endfor %}
    from customers
    group by cluster

),

scatters as (

    select
        customers.cluster,
        sum(
            0.0
            {%- for attribute in numbers %}
            + power(customers.{{ attribute }} - means.{{ attribute }}, 2)
            {%- endfor %}
        ) as scatter
    from customers
    inner join means
        on customers.cluster = means.cluster
    group by customers.cluster

),

categories as (

    select
        cluster
        {%- for attribute in categories %},
        cast({{ attribute }} as varchar) as {{ attribute }}
        {%- endfor %},
        -- So that there is a column to unpivot where no category is clustered on; nulls give no rows.
        cast(null as varchar) as no_attribute
    from customers

),

customer_levels as (

    unpivot categories
    on columns(* exclude (cluster))
    into name attribute value level

),

levels as (

    select distinct attribute || '=' || level as level
    from customer_levels

),

counts as (

    select
        cluster,
        attribute || '=' || level as level,
        count(*) as customers
    from customer_levels
    group by cluster, attribute, level

),

counts_by_level as (

    select
        levels.level,
        list(coalesce(counts.customers, 0) order by means.cluster) as by_cluster
    from levels
    cross join means
    left join counts
        on
            levels.level = counts.level
            and means.cluster = counts.cluster
    group by levels.level

),

level_counts as (

    select coalesce(map_from_entries(list({'level': level, 'by_cluster': by_cluster} order by level)), map()) as level_counts
    from counts_by_level

),

numbers as (

    select
        list(means.cluster order by means.cluster) as clusters,
        list(means.customers order by means.cluster) as sizes,
        list(scatters.scatter order by means.cluster) as scatters
        {%- for attribute in numbers %},
        list(means.{{ attribute }} order by means.cluster) as {{ attribute }}__means
        {%- endfor %}
    from means
    inner join scatters
        on means.cluster = scatters.cluster

)

select
    numbers.*,
    level_counts.level_counts
from numbers
cross join level_counts
