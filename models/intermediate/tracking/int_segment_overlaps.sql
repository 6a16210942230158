with

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

previous_customers as (

    select * from {{ ref('int_previous_customers') }}

),

previous_segments as (

    select * from {{ ref('int_previous_segments') }}

),

previous_model_scores as (

    select * from {{ ref('int_previous_model_scores') }}
    where distances is not null

),

-- Those who were there before and are there now.
common as (

    select
        scores.segmentation_id,
        scores.cluster,
        previous_customers.segment_id,
        count(*) as customers
    from scores
    inner join previous_customers
        on scores.customer_id = previous_customers.customer_id
    group by scores.segmentation_id, scores.cluster, previous_customers.segment_id

),

overlap_counts as (

    select
        segmentation_id,
        cluster,
        segment_id,
        customers as common_customers,
        cast(sum(customers) over (partition by segmentation_id, cluster) as bigint) as cluster_customers,
        cast(sum(customers) over (partition by segmentation_id, segment_id) as bigint) as segment_customers
    from common

),

to_each_prototype as (

    select
        scores.segmentation_id,
        scores.cluster,
        unnest(range(array_length(previous_model_scores.distances))) as previous_cluster,
        unnest(previous_model_scores.distances) as distance
    from scores
    inner join previous_model_scores
        on scores.customer_id = previous_model_scores.customer_id

),

-- As decimals, which add up to the same in any order.
mean_distances as (

    select
        segmentation_id,
        cluster,
        previous_cluster,
        avg(cast(distance as decimal(28, 9))) as distance
    from to_each_prototype
    group by segmentation_id, cluster, previous_cluster

)

select
    overlap_counts.segmentation_id,
    overlap_counts.cluster,
    overlap_counts.segment_id,
    overlap_counts.cluster_customers,
    overlap_counts.segment_customers,
    overlap_counts.common_customers,
    overlap_counts.common_customers
    / (overlap_counts.cluster_customers + overlap_counts.segment_customers - overlap_counts.common_customers) as jaccard,
    mean_distances.distance
from overlap_counts
left join previous_segments
    on overlap_counts.segment_id = previous_segments.segment_id
left join mean_distances
    on
        overlap_counts.segmentation_id = mean_distances.segmentation_id
        and overlap_counts.cluster = mean_distances.cluster
        and previous_segments.cluster = mean_distances.previous_cluster
