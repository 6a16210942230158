with

criteria as (

    select * from {{ ref('ml_k_criteria') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

candidates as (

    select
        segmentation_id,
        method,
        k,
        max(value) filter (where criterion = 'cost') as cost,
        max(value) filter (where criterion = 'mean_silhouette') as mean_silhouette
    from criteria
    group by segmentation_id, method, k

),

stability as (

    select * from {{ ref('ml_segment_stability') }}
    where cluster is null

),

sizes as (

    select
        segmentation_id,
        cast(sum(customers) as bigint) as customers
    from segments
    group by segmentation_id

),

ranked as (

    select
        *,
        row_number() over (order by mean_silhouette desc, k asc) as silhouette_rank,
        {{ var('final_k') if var('final_k') is not none else 'cast(null as integer)' }} as final_k
    from candidates

)

select
    ranked.segmentation_id,
    ranked.method,
    ranked.k,
    case when ranked.final_k is null then ranked.silhouette_rank = 1 else ranked.k = ranked.final_k end as is_final,
    case when ranked.final_k is null then 'mean_silhouette' else 'final_k' end as decided_by,
    sizes.customers,
    '{{ var("value_attribute") }}' as value_attribute,
    ranked.cost,
    ranked.mean_silhouette,
    stability.jaccard as min_jaccard,
    stability.std_error as min_jaccard_std_error,
    stability.stability
from ranked
inner join sizes
    on ranked.segmentation_id = sizes.segmentation_id
left join stability
    on ranked.segmentation_id = stability.segmentation_id
