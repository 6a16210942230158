-- The contributions of a segmentation add up to its score, and the weights to 1.
with

selection as (

    select * from {{ ref('rpt_k_selection') }}
    where elbow = 'business_value'

),

segmentations as (

    select * from {{ ref('dim_segmentations') }}

),

sums as (

    select
        segmentation_id,
        sum(weight) as weight,
        sum(contribution) as score
    from selection
    group by segmentation_id

)

select
    segmentations.segmentation_id,
    sums.weight,
    sums.score,
    segmentations.business_score
from segmentations
left join sums
    on segmentations.segmentation_id = sums.segmentation_id
where
    sums.score is null
    or abs(sums.weight - 1) > 1e-6
    or abs(sums.score - segmentations.business_score) > 1e-9
    or sums.score not between 1 - 1e-6 and 5 + 1e-6
