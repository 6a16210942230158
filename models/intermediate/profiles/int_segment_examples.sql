with

scores as (

    select * from {{ ref('int_candidate_scores') }}

),

segments as (

    select * from {{ ref('int_segments') }}

),

-- Of a mixture the distance is minus the logarithm of a probability, which is 0 for everyone far enough from the others:
-- there the density says who is near the mean, and the ratio of the two probabilities who is undecided.
measured as (

    select
        *,
        coalesce(-log_density, distance) as remoteness,
        case
            when method = 'famd_gmm' then exp(distance - runner_up_distance)
            when runner_up_distance = 0 then 1
            else distance / runner_up_distance
        end as runner_up_closeness
    from scores

),

-- Who is much nearer to another centroid than to the own, which Ward's tree allows, is as decided as the other way round.
judged as (

    select
        *,
        least(runner_up_closeness, 1 / nullif(runner_up_closeness, 0)) as indecision
    from measured

),

-- The smallest structs: by the first field, and by the id where that is equal.
nearest as (

    select
        segmentation_id,
        cluster,
        'typical' as kind,
        min({'measure': remoteness, 'customer_id': customer_id}, 5) as examples
    from judged
    where runner_up_closeness < 1 or runner_up_closeness is null
    group by segmentation_id, cluster

),

-- Nobody is undecided about a cluster that nobody is in, such as a component of a mixture that has collapsed.
most_undecided as (

    select
        judged.segmentation_id,
        judged.cluster,
        'borderline' as kind,
        min({'measure': -judged.indecision, 'customer_id': judged.customer_id}, 5) as examples
    from judged
    inner join segments
        on
            judged.segmentation_id = segments.segmentation_id
            and judged.runner_up_cluster = segments.cluster
    group by judged.segmentation_id, judged.cluster

),

examples as (

    select * from nearest
    union all
    select * from most_undecided

),

places as (

    select
        segmentation_id,
        cluster,
        kind,
        unnest(range(1, array_length(examples) + 1)) as example_rank,
        unnest(list_transform(examples, lambda example: example['customer_id'])) as customer_id
    from examples

)

select
    places.segmentation_id,
    places.cluster,
    own_segments.segment_id,
    places.kind,
    cast(places.example_rank as integer) as example_rank,
    places.customer_id,
    judged.distance,
    judged.runner_up_cluster,
    runner_up_segments.segment_id as runner_up_segment_id,
    judged.runner_up_distance,
    judged.runner_up_closeness,
    judged.probability
from places
inner join judged
    on
        places.segmentation_id = judged.segmentation_id
        and places.customer_id = judged.customer_id
inner join segments as own_segments
    on
        places.segmentation_id = own_segments.segmentation_id
        and places.cluster = own_segments.cluster
left join segments as runner_up_segments
    on
        places.segmentation_id = runner_up_segments.segmentation_id
        and judged.runner_up_cluster = runner_up_segments.cluster
