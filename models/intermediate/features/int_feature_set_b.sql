-- noqa: disable=LT02
{%- set bins = seed_rows('feature_bins', order_by='feature, cast(level_order as integer) desc') -%}
{%- set features = dictionary(roles=['binned']) -%}
{%- set categories = dictionary(roles=['ordinal', 'nominal', 'high_cardinality']) -%}
{%- set flags = dictionary(roles=['flag']) %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

thresholds as (

    select * from {{ ref('int_feature_bin_thresholds') }}

),

-- One row: a map from level to lower bound for every feature.
bounds as (

    select
        count(*) as thresholds
        {%- for feature in features %},
        map_from_entries(
            list({'level': level, 'bound': lower_bound}) filter (where feature = '{{ feature.attribute }}')
        ) as {{ feature.attribute }}
        {%- endfor %}
    from thresholds

)

select
    customers.customer_id
    {%- for feature in features %},
    case
        when customers.{{ feature.derivation }} is null then 'unknown'
        {%- for bin in bins if bin.feature == feature.attribute %}
        {%- if bin.bound_type == 'lowest' %}
        else '{{ bin.level }}'
        {%- else %}
        when customers.{{ feature.derivation }} >= bounds.{{ feature.attribute }}['{{ bin.level }}'] then '{{ bin.level }}'
        {%- endif %}
        {%- endfor %}
    end as {{ feature.attribute }}
    {%- endfor %}
    {%- for attribute in categories %},
    coalesce(customers.{{ attribute.attribute }}, 'unknown') as {{ attribute.attribute }}
    {%- endfor %}
    {%- for flag in flags %},
    coalesce(cast(customers.{{ flag.attribute }} as varchar), 'unknown') as {{ flag.attribute }}
    {%- endfor %}
from customers
cross join bounds
