with

folds as (

    select * from {{ ref('ml_tree_folds') }}
    where tree = 'all_segments'

),

by_fold as (

    select
        segmentation_id,
        max_depth,
        features,
        fold,
        cast(sum(customers) as bigint) as customers,
        sum(hits) / sum(customers) as accuracy,
        avg(hits / customers order by cluster) as balanced_accuracy
    from folds
    group by segmentation_id, max_depth, features, fold

)

select
    segmentation_id,
    cast(sum(customers) as bigint) as customers,
    max_depth,
    features,
    max(fold) as folds,
    avg(accuracy order by fold) as accuracy,
    avg(balanced_accuracy order by fold) as balanced_accuracy,
    stddev_samp(accuracy order by fold) / sqrt(count(accuracy)) as accuracy_std_error,
    stddev_samp(balanced_accuracy order by fold) / sqrt(count(balanced_accuracy)) as balanced_accuracy_std_error
from by_fold
group by segmentation_id, max_depth, features
