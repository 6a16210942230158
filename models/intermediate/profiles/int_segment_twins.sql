with

segments as (

    select
        segmentation_id,
        cluster,
        k
    from {{ ref('int_segments') }}

),

playbooks as (

    select * from {{ ref('int_segment_playbooks') }}
    where playbook_rank <= 3

),

labels as (

    select * from {{ ref('int_training_labels') }}

),

treatments as (

    select
        segments.segmentation_id,
        segments.cluster,
        segments.k,
        coalesce(list(playbooks.playbook order by playbooks.playbook) filter (where playbooks.playbook is not null), []) as playbooks
    from segments
    left join playbooks
        on
            segments.segmentation_id = playbooks.segmentation_id
            and segments.cluster = playbooks.cluster
    group by segments.segmentation_id, segments.cluster, segments.k

),

-- Where neither has any playbook, both are left alone alike.
twins as (

    select
        own.segmentation_id,
        own.k,
        own.cluster,
        other.cluster as other_cluster,
        array_to_string(list_sort(list_intersect(own.playbooks, other.playbooks)), ', ') as shared_playbooks
    from treatments as own
    inner join treatments as other
        on
            own.segmentation_id = other.segmentation_id
            and own.cluster < other.cluster
    where
        array_length(list_intersect(own.playbooks, other.playbooks)) >= 0.5 * array_length(list_distinct(own.playbooks || other.playbooks))

),

-- Where the customers of the segments of one K are at a smaller K of the same method.
moves as (

    select
        labels.segmentation_id,
        labels.cluster,
        smaller.k as smaller_k,
        smaller.cluster as smaller_cluster,
        count(*) as customers
    from labels
    inner join labels as smaller
        on
            labels.customer_id = smaller.customer_id
            and labels.method = smaller.method
            and labels.k > smaller.k
    where labels.segmentation_id in (select twins.segmentation_id from twins)
    group by labels.segmentation_id, labels.cluster, smaller.k, smaller.cluster

),

majorities as (

    select
        segmentation_id,
        cluster,
        smaller_k,
        smaller_cluster
    from moves
    qualify customers > 0.5 * sum(customers) over (partition by segmentation_id, cluster, smaller_k)

),

-- The largest smaller K at which most customers of both are in one cluster.
merged as (

    select
        twins.segmentation_id,
        twins.cluster,
        twins.other_cluster,
        max(own.smaller_k) as merged_at_k
    from twins
    inner join majorities as own
        on
            twins.segmentation_id = own.segmentation_id
            and twins.cluster = own.cluster
    inner join majorities as other
        on
            twins.segmentation_id = other.segmentation_id
            and twins.other_cluster = other.cluster
            and own.smaller_k = other.smaller_k
            and own.smaller_cluster = other.smaller_cluster
    group by twins.segmentation_id, twins.cluster, twins.other_cluster

)

select
    twins.segmentation_id,
    twins.k,
    twins.cluster,
    twins.other_cluster,
    twins.shared_playbooks,
    merged.merged_at_k
from twins
left join merged
    on
        twins.segmentation_id = merged.segmentation_id
        and twins.cluster = merged.cluster
        and twins.other_cluster = merged.other_cluster
