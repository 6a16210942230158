-- Two golden rules of a segment say different things: no customer fulfils both.
with

leaves as (

    select * from {{ ref('int_rule_leaves') }}

),

rules as (

    select * from {{ ref('rpt_segment_rules') }}
    where is_golden

)

select
    rules.segmentation_id,
    rules.segment_id,
    leaves.customer_id,
    count(*) as golden_rules
from rules
inner join leaves
    on
        rules.segmentation_id = leaves.segmentation_id
        and rules.leaf = leaves.leaf
group by rules.segmentation_id, rules.segment_id, leaves.customer_id
having count(*) > 1
