with

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

famd as (

    select * from {{ ref('ml_famd_parameters') }}

),

kmeans as (

    select parameters.*
    from {{ ref('ml_famd_kmeans_parameters') }} as parameters
    inner join decision
        on parameters.segmentation_id = decision.segmentation_id
    where parameters.parameter = 'center'

),

mixture as (

    select parameters.*
    from {{ ref('ml_famd_gmm_parameters') }} as parameters
    inner join decision
        on parameters.segmentation_id = decision.segmentation_id

),

clusters as (

    select
        unnest(clusters) as cluster,
        unnest(range(1, array_length(clusters) + 1)) as place,
        sizes,
        means,
        level_counts
    from {{ ref('int_final_clusters') }}
    where model_version = (select model.model_version from {{ ref('int_fitted_model') }} as model)

),

centers as (

    select
        cluster,
        axis,
        value
    from kmeans
    union all
    select
        cluster,
        axis,
        value
    from mixture
    where parameter = 'mean'

),

-- What a distance is made of: with d the way from the center, the sum of d(axis) * value * d(other_axis). Squared for
-- K-Means; for a mixture half of it in the inverse covariance P P'.
metrics as (

    select
        kmeans.cluster,
        kmeans.axis,
        other_axes.axis as other_axis,
        cast(kmeans.axis = other_axes.axis as double) as value
    from kmeans
    inner join kmeans as other_axes
        on kmeans.cluster = other_axes.cluster
    union all
    select
        mixture.cluster,
        mixture.axis,
        other_axes.axis as other_axis,
        0.5 * sum(mixture.value * other_axes.value order by mixture.other_axis) as value
    from mixture
    inner join mixture as other_axes
        on
            mixture.cluster = other_axes.cluster
            and mixture.other_axis = other_axes.other_axis
    where mixture.parameter = 'precision_cholesky' and other_axes.parameter = 'precision_cholesky'
    group by mixture.cluster, mixture.axis, other_axes.axis

),

attributes as (

    select
        attribute,
        max(value) filter (where parameter = 'center') as center,
        coalesce(max(value) filter (where parameter = 'std'), 1) as std
    from famd
    where parameter in ('center', 'std', 'loading')
    group by attribute

),

-- What a number times one, or a level, adds to a coordinate.
slopes as (

    select
        famd.attribute,
        famd.level,
        famd.axis,
        famd.value / attributes.std as value
    from famd
    inner join attributes
        on famd.attribute = attributes.attribute
    where famd.parameter = 'loading' and famd.axis in (select centers.axis from centers)

),

number_constants as (

    select
        slopes.axis,
        sum(slopes.value * attributes.center order by slopes.attribute) as value
    from slopes
    inner join attributes
        on slopes.attribute = attributes.attribute
    where slopes.level is null
    group by slopes.axis

),

constants as (

    select
        famd.axis,
        famd.value + coalesce(number_constants.value, 0) as value
    from famd
    left join number_constants
        on famd.axis = number_constants.axis
    where famd.parameter = 'constant'

),

-- What the average of a cluster's training customers adds.
averages as (

    select
        clusters.cluster,
        slopes.attribute,
        slopes.axis,
        sum(
            slopes.value * case
                when slopes.level is null then clusters.means[slopes.attribute][clusters.place]
                else
                    coalesce(clusters.level_counts[slopes.attribute || '=' || slopes.level][clusters.place], 0)
                    / clusters.sizes[clusters.place]
            end
            order by slopes.level
        ) as value
    from clusters
    cross join slopes
    group by clusters.cluster, slopes.attribute, slopes.axis

),

-- A fit stops a little before centers are averages, and those of a mixture weigh customers by their probability. The
-- rest is spread evenly; all of it for a component that no training customer is in.
rests as (

    select
        centers.cluster,
        centers.axis,
        (centers.value + any_value(constants.value) - coalesce(sum(averages.value order by averages.attribute), 0))
        / (select count(*) from attributes) as value
    from centers
    inner join constants
        on centers.axis = constants.axis
    left join averages
        on
            centers.cluster = averages.cluster
            and centers.axis = averages.axis
    group by centers.cluster, centers.axis, centers.value

),

offsets as (

    select
        rests.cluster,
        attributes.attribute,
        rests.axis,
        rests.value + coalesce(averages.value, 0) as value
    from rests
    cross join attributes
    left join averages
        on
            rests.cluster = averages.cluster
            and rests.axis = averages.axis
            and attributes.attribute = averages.attribute

),

weighted_slopes as (

    select
        metrics.cluster,
        slopes.attribute,
        slopes.level,
        metrics.axis,
        sum(metrics.value * slopes.value order by slopes.axis) as value
    from metrics
    inner join slopes
        on metrics.other_axis = slopes.axis
    group by metrics.cluster, slopes.attribute, slopes.level, metrics.axis

),

weighted_offsets as (

    select
        metrics.cluster,
        offsets.attribute,
        metrics.axis,
        sum(metrics.value * offsets.value order by offsets.axis) as value
    from metrics
    inner join offsets
        on
            metrics.cluster = offsets.cluster
            and metrics.other_axis = offsets.axis
    group by metrics.cluster, offsets.attribute, metrics.axis

),

weighted as (

    select
        cluster,
        attribute,
        'slope' as kind,
        level,
        axis,
        value
    from weighted_slopes
    union all
    select
        cluster,
        attribute,
        'offset' as kind,
        cast(null as varchar) as level,
        axis,
        value
    from weighted_offsets

),

axes as (

    select
        max(centers.axis) as used,
        max(constants.axis) as fitted
    from constants
    left join centers
        on constants.axis = centers.axis

),

-- The scalar product with the way from the center is that with the place, less that with the center: of a place whose last
-- number is -1 it is one product. Axes that the method does not use count 0.
lists as (

    select
        weighted.cluster,
        weighted.attribute,
        weighted.kind,
        weighted.level,
        list(weighted.value order by weighted.axis)
        || list_transform(range(any_value(axes.used), any_value(axes.fitted)), lambda axis: 0.0)
        || [sum(weighted.value * centers.value order by weighted.axis)] as by_axis
    from weighted
    inner join centers
        on
            weighted.cluster = centers.cluster
            and weighted.axis = centers.axis
    cross join axes
    group by weighted.cluster, weighted.attribute, weighted.kind, weighted.level

)

select
    cluster,
    attribute,
    max(by_axis) filter (where kind = 'slope' and level is null) as slope,
    map_from_entries(list({'level': level, 'by_axis': by_axis} order by level) filter (where level is not null)) as level_slopes,
    max(by_axis) filter (where kind = 'offset') as offsets
from lists
group by cluster, attribute
