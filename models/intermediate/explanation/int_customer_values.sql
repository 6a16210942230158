-- noqa: disable=LT02
{{ config(materialized='view') }}

{%- set features = relation_rows(
    ref('ml_feature_set_a_parameters'), order_by='attribute', columns='distinct attribute, encoding'
) %}

with

segments as (

    select * from {{ ref('fct_customer_segments') }}

),

features as (

    select * from {{ ref('int_customer_features') }}

),

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

coordinates as (

    select * from {{ ref('int_famd_coordinates') }}

),

shares as (

    select
        attribute,
        max(value) filter (where parameter = 'mean') as mean,
        max(value) filter (where parameter = 'std') as std
    from {{ ref('ml_feature_set_a_parameters') }}
    where encoding = 'target'
    group by attribute

),

-- As it is clustered on (number, level), and as it is in the file. A flag is both a number and a level. Joined while there
-- is one row a customer: a filter on customers reaches the tables.
customer_values as (

    select
        segments.customer_id,
        segments.segment_id,
        segments.cluster,
        segments.distance,
        segments.runner_up_segment_id,
        segments.runner_up_cluster,
        segments.runner_up_distance,
        segments.probability,
        list_append(coordinates.coordinates, -1) as place,
        unnest([
            {%- for feature in features %}
            {%- set attribute = feature.attribute %}
            {
                'attribute': '{{ attribute }}',
                {%- if feature.encoding == 'nominal' %}
                'number': cast(null as double),
                {%- else %}
                'number': cast(features.{{ attribute }} as double),
                {%- endif %}
                {%- if feature.encoding in ['nominal', 'flag'] %}
                'level': cast(features.{{ attribute }} as varchar),
                {%- else %}
                'level': cast(null as varchar),
                {%- endif %}
                {%- if feature.encoding == 'numeric' %}
                'known_number': cast(customers.{{ attribute }} as double),
                'known_level': cast(null as varchar)
                {%- else %}
                'known_number': cast(null as double),
                'known_level': coalesce(cast(customers.{{ attribute }} as varchar), 'unknown')
                {%- endif %}
            }{{ ',' if not loop.last }}
            {%- endfor %}
        ]) as value
    from segments
    inner join features
        on segments.customer_id = features.customer_id
    inner join customers
        on segments.customer_id = customers.customer_id
    inner join coordinates
        on segments.customer_id = coordinates.customer_id

)

-- Of a target-encoded category the distance sees only how many of its customers are of high value.
select
    customer_values.customer_id,
    customer_values.segment_id,
    customer_values.cluster,
    customer_values.distance,
    customer_values.runner_up_segment_id,
    customer_values.runner_up_cluster,
    customer_values.runner_up_distance,
    customer_values.probability,
    customer_values.place,
    customer_values.value['attribute'] as attribute,
    customer_values.value['number'] as number,
    customer_values.value['level'] as level,
    customer_values.value['known_number'] as known_number,
    customer_values.value['known_level'] as known_level,
    customer_values.value['number'] * shares.std + shares.mean as high_value_share
from customer_values
left join shares
    on customer_values.value['attribute'] = shares.attribute
