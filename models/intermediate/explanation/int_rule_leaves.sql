-- noqa: disable=LT02
{%- set rules = relation_rows(
    ref('ml_segment_tree'), order_by='segmentation_id, leaf', columns='segmentation_id, leaf, tree, predicate_sql'
) %}

with

customers as (

    select * from {{ ref('int_feature_set_b') }}

),

training_customers as (

    select * from {{ ref('int_training_customers') }}

),

flagged as (

    select
        customers.*,
        training_customers.customer_id is not null as is_training_customer
    from customers
    left join training_customers
        on customers.customer_id = training_customers.customer_id

),

populations as (

    select * from {{ ref('int_scored_populations') }}

),

-- Everyone is in one leaf of the tree of all segments, and in none, one or some of those of single segments.
leaves as (

    select
        customer_id,
        is_training_customer
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
    from flagged

),

by_segmentation as (

    unpivot leaves
    on columns(* exclude (customer_id, is_training_customer))
    into name segmentation_id value leaves

),

by_leaf as (

    select
        by_segmentation.customer_id,
        by_segmentation.segmentation_id,
        unnest(by_segmentation.leaves) as leaf
    from by_segmentation
    inner join populations
        on
            by_segmentation.segmentation_id = populations.segmentation_id
            and by_segmentation.is_training_customer = populations.is_training_customer

)

select
    customer_id,
    segmentation_id,
    leaf
from by_leaf
where leaf is not null
