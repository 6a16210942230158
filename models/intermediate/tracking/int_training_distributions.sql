-- noqa: disable=LT02
{%- set numbers = dictionary(roles=['performance']) %}

with

customers as (

    select * from {{ ref('int_training_customers') }}

),

-- One row. The last column keeps the query whole where the dictionary has no number; it gives no row.
deciles as (

    select
        {%- for attribute in numbers %}
        list_distinct(
            quantile_disc(cast({{ attribute.attribute }} as double), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
        ) as {{ attribute.attribute }},
        {%- endfor %}
        any_value(cast(null as double[])) as no_attribute
    from customers

),

deciles_by_attribute as (

    unpivot deciles
    on columns(*)
    into name attribute value bounds

),

-- The first bin has no lower bound. A value that many have is several deciles and starts one bin.
bins as (

    select
        attribute,
        unnest([null] || list_sort(bounds)) as lower_bound,
        unnest(range(1, array_length(bounds) + 2)) as bin
    from deciles_by_attribute

),

ranges as (

    select
        attribute,
        cast(bin as integer) as bin,
        lower_bound,
        lead(lower_bound) over (partition by attribute order by bin) as upper_bound
    from bins

),

counts as (
    {{ distribution_counts('customers', 'ranges') }}

)

select
    counts.attribute,
    counts.bin,
    ranges.lower_bound,
    counts.level,
    counts.customers,
    counts.customers / sum(counts.customers) over (partition by counts.attribute) as share
from counts
left join ranges
    on
        counts.attribute = ranges.attribute
        and counts.bin = ranges.bin
