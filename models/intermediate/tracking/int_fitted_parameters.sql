with

of_method as (

    select * from {{ ref('int_method_parameters') }}

),

features as (

    select * from {{ ref('ml_feature_set_a_parameters') }}

),

famd as (

    select * from {{ ref('ml_famd_parameters') }}

),

bins as (

    select * from {{ ref('int_feature_bin_thresholds') }}

),

distributions as (

    select * from {{ ref('int_training_distributions') }}

),

-- None where the method has no axes: then none of FAMD's parameters are needed.
most_axes as (

    select max(axis) as axes
    from of_method

),

parameters as (

    select
        parameter_table,
        segmentation_id,
        cluster,
        attribute,
        level,
        axis,
        other_axis,
        parameter,
        value
    from of_method
    union all by name
    select
        'ml_feature_set_a_parameters' as parameter_table,
        attribute,
        level,
        fold,
        encoding,
        transform,
        parameter,
        value
    from features
    union all by name
    -- Axes that the final segmentation does not use score nobody.
    select
        'ml_famd_parameters' as parameter_table,
        famd.attribute,
        famd.level,
        famd.axis,
        famd.parameter,
        famd.value
    from famd
    cross join most_axes
    where coalesce(famd.axis, 0) <= most_axes.axes
    union all by name
    select
        'int_feature_bin_thresholds' as parameter_table,
        feature as attribute,
        level,
        level_order as axis,
        'lower_bound' as parameter,
        lower_bound as value
    from bins
    union all by name
    select
        'int_training_distributions' as parameter_table,
        attribute,
        level,
        bin as axis,
        'lower_bound' as parameter,
        lower_bound as value
    from distributions
    where bin > 0
    union all by name
    select
        'int_training_distributions' as parameter_table,
        attribute,
        level,
        bin as axis,
        'share' as parameter,
        share as value
    from distributions

)

select
    parameter_table,
    cast(
        row_number() over (
            partition by parameter_table
            order by segmentation_id, cluster, attribute, level, fold, axis, other_axis, parameter, encoding, transform, value
        ) as integer
    ) as row_number,
    segmentation_id,
    cluster,
    attribute,
    level,
    fold,
    axis,
    other_axis,
    encoding,
    transform,
    parameter,
    value
from parameters
