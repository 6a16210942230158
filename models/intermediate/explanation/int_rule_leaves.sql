-- noqa: disable=LT02
{%- set rules = relation_rows(
    ref('ml_segment_tree'), order_by='segmentation_id, leaf', columns='segmentation_id, leaf, tree, predicate_sql'
) %}

with

customers as (

    select * from {{ ref('int_feature_set_b') }}

),

-- Everyone is in one leaf of the tree of all segments, and in none, one or some of those of single segments.
leaves as (

    select
        customer_id
        {%- for segmentation_id, of_segmentation in rules | groupby('segmentation_id') %},
        [
            case
                {%- for rule in of_segmentation if rule.tree == 'all_segments' %}
                when {{ rule.predicate_sql }} then {{ rule.leaf }}
                {%- endfor %}
            end
            {%- for rule in of_segmentation if rule.tree == 'one_segment' %},
            case when {{ rule.predicate_sql }} then {{ rule.leaf }} end
            {%- endfor %}
        ] as {{ segmentation_id }}
        {%- endfor %},
        -- So that there is a column to unpivot before there are rules; nulls give no rows.
        cast(null as integer[]) as no_segmentation
    from customers

),

by_segmentation as (

    unpivot leaves
    on columns(* exclude (customer_id))
    into name segmentation_id value leaves

),

by_leaf as (

    select
        customer_id,
        segmentation_id,
        unnest(leaves) as leaf
    from by_segmentation

)

select
    customer_id,
    segmentation_id,
    leaf
from by_leaf
where leaf is not null
