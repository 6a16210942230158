with

technical_criteria as (

    select * from {{ ref('int_k_criteria') }}
    where cluster is null

),

business_criteria as (

    select * from {{ ref('int_k_scores') }}

),

ranking as (

    select * from {{ ref('int_k_ranking') }}

),

technical as (

    select
        technical_criteria.method,
        technical_criteria.k,
        'data_science' as elbow,
        technical_criteria.criterion,
        technical_criteria.value,
        technical_criteria.std_error,
        technical_criteria.customers,
        technical_criteria.replicates,
        cast(null as double) as knock_out_below,
        cast(null as boolean) as is_knocked_out,
        cast(null as double) as computed_score,
        cast(null as bigint) as reviewers,
        cast(null as double) as reviewed_score,
        cast(null as double) as score,
        cast(null as double) as weight,
        cast(null as double) as contribution,
        technical_criteria.verdict,
        technical_criteria.verdict_zh
    from technical_criteria

),

business as (

    select
        ranking.method,
        ranking.k,
        'business_value' as elbow,
        business_criteria.criterion,
        business_criteria.value,
        business_criteria.std_error,
        business_criteria.customers,
        cast(null as integer) as replicates,
        business_criteria.knock_out_below,
        business_criteria.is_knocked_out,
        business_criteria.computed_score,
        business_criteria.reviewers,
        business_criteria.reviewed_score,
        business_criteria.score,
        business_criteria.weight,
        business_criteria.contribution,
        business_criteria.verdict,
        business_criteria.verdict_zh
    from business_criteria
    inner join ranking
        on business_criteria.segmentation_id = ranking.segmentation_id

),

all_criteria as (

    select * from technical
    union all
    select * from business

)

select
    all_criteria.method || '_k' || all_criteria.k as segmentation_id,
    all_criteria.method,
    all_criteria.k,
    all_criteria.elbow,
    all_criteria.criterion,
    all_criteria.value,
    all_criteria.std_error,
    all_criteria.customers,
    all_criteria.replicates,
    all_criteria.knock_out_below,
    all_criteria.is_knocked_out,
    all_criteria.computed_score,
    all_criteria.reviewers,
    all_criteria.reviewed_score,
    all_criteria.score,
    all_criteria.weight,
    all_criteria.contribution,
    all_criteria.verdict,
    all_criteria.verdict_zh,
    coalesce(ranking.is_in_range, false) as is_in_range
from all_criteria
left join ranking
    on
        all_criteria.method = ranking.method
        and all_criteria.k = ranking.k
