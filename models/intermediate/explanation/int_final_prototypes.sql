with

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

kprototypes as (

    select parameters.*
    from {{ ref('ml_kprototypes_parameters') }} as parameters
    inner join decision
        on parameters.segmentation_id = decision.segmentation_id

),

agglomerative as (

    select parameters.*
    from {{ ref('ml_agglomerative_parameters') }} as parameters
    inner join decision
        on parameters.segmentation_id = decision.segmentation_id
    where parameters.parameter = 'center'

),

gamma as (

    select value as gamma
    from kprototypes
    where parameter = 'gamma'

),

numbers as (

    select
        cluster,
        attribute,
        value as center
    from kprototypes
    where parameter = 'center'
    union all
    select
        cluster,
        attribute,
        value as center
    from agglomerative
    where level is null

),

squares as (

    select
        cluster,
        attribute,
        sum(power(value, 2) order by level) as square
    from agglomerative
    where level is not null
    group by cluster, attribute

),

-- A category costs K-Prototypes gamma unless it is the mode. In one-hot features its squared distance to shares p is
-- 1 - 2 p(own level) + sum of p squared, and a level that the tree has not seen lies on no axis.
categories as (

    select
        kprototypes.cluster,
        kprototypes.attribute,
        map_from_entries([{'level': kprototypes.level, 'distance': cast(0 as double)}]) as level_distances,
        gamma.gamma as other_level_distance
    from kprototypes
    cross join gamma
    where kprototypes.parameter = 'mode'
    union all
    select
        agglomerative.cluster,
        agglomerative.attribute,
        map_from_entries(
            list({'level': agglomerative.level, 'distance': 1 - 2 * agglomerative.value + squares.square} order by agglomerative.level)
        ) as level_distances,
        any_value(squares.square) as other_level_distance
    from agglomerative
    inner join squares
        on
            agglomerative.cluster = squares.cluster
            and agglomerative.attribute = squares.attribute
    where agglomerative.level is not null
    group by agglomerative.cluster, agglomerative.attribute

)

select
    cluster,
    attribute,
    cast(null as double) as center,
    level_distances,
    other_level_distance
from categories
union all
select
    cluster,
    attribute,
    center,
    null as level_distances,
    null as other_level_distance
from numbers
