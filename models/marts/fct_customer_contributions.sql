-- noqa: disable=LT02
{{ config(materialized='view') }}

with

-- Read twice, not kept: a filter on customer_id reaches the tables.
customer_values as not materialized (

    select * from {{ ref('int_customer_values') }}

),

prototypes as (

    select * from {{ ref('int_final_prototypes') }}

),

positions as (

    select * from {{ ref('int_final_positions') }}

),

typical_values as (

    select * from {{ ref('int_final_typical_values') }}

),

-- K-Prototypes and Ward's tree have prototypes: each attribute adds to the distance by itself. The FAMD methods have
-- positions: the way from the center is the sum of the attributes' ways, and an attribute's contribution is the part of
-- the distance that lies along its own.
attribute_contributions as not materialized (

    select
        customer_values.*,
        case
            when customer_values.high_value_share is null then ''
            else '（高价值客户占 ' || {{ percent_text('customer_values.high_value_share') }} || '）'
        end as share_zh,
        case
            when customer_values.high_value_share is null then ''
            else ' (' || {{ percent_text('customer_values.high_value_share') }} || ' high-value customers)'
        end as share_en
        {%- for side in ['own', 'runner_up'] %},
        coalesce(
            power(customer_values.number - {{ side }}_prototypes.center, 2),
            {{ side }}_prototypes.level_distances[customer_values.level],
            {{ side }}_prototypes.other_level_distance,
            coalesce(
                customer_values.number * list_dot_product(customer_values.place, {{ side }}_positions.slope),
                list_dot_product(customer_values.place, {{ side }}_positions.level_slopes[customer_values.level]),
                0
            )
            - list_dot_product(customer_values.place, {{ side }}_positions.offsets)
        ) as {{ side }}_contribution
        {%- endfor %}
    from customer_values
    {%- for side, cluster in [('own', 'cluster'), ('runner_up', 'runner_up_cluster')] %}
    left join prototypes as {{ side }}_prototypes
        on
            customer_values.{{ cluster }} = {{ side }}_prototypes.cluster
            and customer_values.attribute = {{ side }}_prototypes.attribute
    left join positions as {{ side }}_positions
        on
            customer_values.{{ cluster }} = {{ side }}_positions.cluster
            and customer_values.attribute = {{ side }}_positions.attribute
    {%- endfor %}

),

-- Of a mixture: a segment that is large, or dense, is more probable whatever the customer is like.
remainders as (

    select
        customer_id,
        any_value(segment_id) as segment_id,
        any_value(distance) as distance,
        any_value(probability) as probability,
        any_value(runner_up_segment_id) as runner_up_segment_id,
        any_value(distance) - sum(own_contribution order by attribute) as own_contribution,
        any_value(runner_up_distance) - sum(runner_up_contribution order by attribute) as runner_up_contribution
    from attribute_contributions
    where probability is not null
    group by customer_id

),

contributions as (

    select
        contributions.customer_id,
        contributions.segment_id,
        contributions.distance,
        contributions.probability,
        contributions.runner_up_segment_id,
        contributions.attribute,
        own_values.attribute_zh,
        own_values.attribute_en,
        case
            when contributions.known_level is null
                then {{ number_text_zh('contributions.known_number', 'own_values.unit', 'own_values.is_share') }}
            else coalesce(own_values.level_labels_zh[contributions.known_level], contributions.known_level) || contributions.share_zh
        end as value_zh,
        case
            when contributions.known_level is null
                then {{ number_text_en('contributions.known_number', 'own_values.unit', 'own_values.is_share') }}
            else coalesce(own_values.level_labels_en[contributions.known_level], contributions.known_level) || contributions.share_en
        end as value_en,
        own_values.typical_zh as own_typical_zh,
        own_values.typical_en as own_typical_en,
        runner_up_values.typical_zh as runner_up_typical_zh,
        runner_up_values.typical_en as runner_up_typical_en,
        contributions.own_contribution,
        contributions.runner_up_contribution
    from attribute_contributions as contributions
    inner join typical_values as own_values
        on
            contributions.cluster = own_values.cluster
            and contributions.attribute = own_values.attribute
    left join typical_values as runner_up_values
        on
            contributions.runner_up_cluster = runner_up_values.cluster
            and contributions.attribute = runner_up_values.attribute
    union all
    select
        customer_id,
        segment_id,
        distance,
        probability,
        runner_up_segment_id,
        'size_and_spread' as attribute,
        '分群的大小与离散程度' as attribute_zh,
        'Size and spread of the segment' as attribute_en,
        cast(null as varchar) as value_zh,
        cast(null as varchar) as value_en,
        cast(null as varchar) as own_typical_zh,
        cast(null as varchar) as own_typical_en,
        cast(null as varchar) as runner_up_typical_zh,
        cast(null as varchar) as runner_up_typical_en,
        own_contribution,
        runner_up_contribution
    from remainders

)

select
    customer_id,
    segment_id,
    runner_up_segment_id,
    attribute,
    attribute_zh,
    attribute_en,
    value_zh,
    value_en,
    own_typical_zh,
    own_typical_en,
    runner_up_typical_zh,
    runner_up_typical_en,
    own_contribution,
    runner_up_contribution,
    runner_up_contribution - own_contribution as difference,
    case when probability is null then own_contribution / nullif(distance, 0) end as share_of_distance,
    row_number() over (
        partition by customer_id order by runner_up_contribution - own_contribution desc, attribute asc
    ) as contribution_rank
from contributions
