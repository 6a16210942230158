-- noqa: disable=LT02
{{ kept_by('model_version') }}
{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding'
) -%}
{%- set numbers = features | rejectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list -%}
{%- set categories = features | selectattr('encoding', 'in', ['nominal', 'flag']) | map(attribute='attribute') | list %}

with

features as (

    select * from {{ ref('ml_feature_set_a') }}

),

labels as (

    select * from {{ ref('int_training_labels') }}

),

model as (

    select * from {{ ref('int_fitted_model') }}

),

gamma as (

    select max(value) as gamma
    from {{ ref('ml_kprototypes_parameters') }}
    where parameter = 'gamma'

),

customers as (

    select
        features.*,
        labels.cluster
    from features
    inner join labels
        on features.customer_id = labels.customer_id
    inner join model
        on labels.segmentation_id = model.segmentation_id

),

sizes as (

    select
        cluster,
        count(*) as customers
    from customers
    group by cluster

),

-- Nulls, so that there is a column to unpivot where no number, or no category, is clustered on; they give no rows.
numbers as (

    select
        customer_id,
        cluster,
        {%- for attribute in numbers %}
        {{ attribute }},
        {%- endfor %}
        cast(null as double) as no_attribute
    from customers

),

customer_numbers as (

    unpivot numbers
    on columns(* exclude (customer_id, cluster))
    into name attribute value number

),

categories as (

    select
        cluster,
        {%- for attribute in categories %}
        cast({{ attribute }} as varchar) as {{ attribute }},
        {%- endfor %}
        cast(null as varchar) as no_attribute
    from customers

),

customer_levels as (

    unpivot categories
    on columns(* exclude (cluster))
    into name attribute value level

),

-- In the order of ids: several threads would add up in a changing one, and the last digits with it.
means as (

    select
        cluster,
        attribute,
        avg(number order by customer_id) as mean
    from customer_numbers
    group by cluster, attribute

),

means_by_cluster as (

    select
        means.attribute,
        list(means.mean order by means.cluster) as by_cluster
    from means
    group by means.attribute

),

mean_maps as (

    select coalesce(map_from_entries(list({'attribute': attribute, 'by_cluster': by_cluster} order by attribute)), map()) as means
    from means_by_cluster

),

scatters as (

    select
        customer_numbers.cluster,
        sum(power(customer_numbers.number - means.mean, 2) order by customer_numbers.customer_id, means.attribute) as scatter
    from customer_numbers
    inner join means
        on
            customer_numbers.cluster = means.cluster
            and customer_numbers.attribute = means.attribute
    group by customer_numbers.cluster

),

counts as (

    select
        cluster,
        attribute,
        level,
        count(*) as customers
    from customer_levels
    group by cluster, attribute, level

),

levels as (

    select distinct
        attribute,
        level
    from counts

),

counts_by_level as (

    select
        levels.attribute || '=' || levels.level as level,
        list(coalesce(counts.customers, 0) order by sizes.cluster) as by_cluster
    from levels
    cross join sizes
    left join counts
        on
            levels.attribute = counts.attribute
            and levels.level = counts.level
            and sizes.cluster = counts.cluster
    group by levels.attribute, levels.level

),

level_maps as (

    select coalesce(map_from_entries(list({'level': level, 'by_cluster': by_cluster} order by level)), map()) as level_counts
    from counts_by_level

),

clusters as (

    select
        list(sizes.cluster order by sizes.cluster) as clusters,
        list(sizes.customers order by sizes.cluster) as sizes,
        list(coalesce(scatters.scatter, 0) order by sizes.cluster) as scatters
    from sizes
    left join scatters
        on sizes.cluster = scatters.cluster

),

category_names as (

    select list(distinct attribute order by attribute) as categories
    from levels

)

select
    model.model_version,
    gamma.gamma,
    clusters.clusters,
    clusters.sizes,
    mean_maps.means,
    clusters.scatters,
    category_names.categories,
    level_maps.level_counts
from clusters
cross join mean_maps
cross join category_names
cross join level_maps
cross join gamma
cross join model
