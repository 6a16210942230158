-- noqa: disable=LT02
{%- set rules = relation_rows(
    ref('ml_segment_rules'), order_by='segmentation_id, leaf', columns='distinct segmentation_id, leaf, predicate_sql'
) %}

with

customers as (

    select * from {{ ref('int_feature_set_b') }}

),

tree_leaves as (

    select * from {{ ref('ml_segment_leaves') }}

),

leaves as (

    select
        customer_id
        {%- for segmentation_id, of_segmentation in rules | groupby('segmentation_id') %},
        case
            {%- for rule in of_segmentation %}
            when {{ rule.predicate_sql }} then {{ rule.leaf }}
            {%- endfor %}
        end as {{ segmentation_id }}
        {%- endfor %},
        -- So that there is a column to unpivot before there are rules; nulls give no rows.
        cast(null as integer) as no_segmentation
    from customers

),

by_segmentation as (

    unpivot leaves
    on columns(* exclude (customer_id))
    into name segmentation_id value leaf

)

select
    by_segmentation.customer_id,
    by_segmentation.segmentation_id,
    by_segmentation.leaf,
    tree_leaves.leaf as tree_leaf
from by_segmentation
left join tree_leaves
    on
        by_segmentation.customer_id = tree_leaves.customer_id
        and by_segmentation.segmentation_id = tree_leaves.segmentation_id
