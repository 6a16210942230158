with

trees as (

    select * from {{ ref('ml_segment_tree') }}

),

mix as (

    select * from {{ ref('rpt_segment_mix') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

sources as (

    select
        attribute,
        in_feature_set_a
    from {{ ref('dim_attributes') }}

),

conditions as (

    select
        segmentation_id,
        leaf,
        tree,
        cluster,
        predicate_sql,
        unnest(conditions) as asked
    from trees

),

rules as (

    select
        segmentation_id,
        leaf,
        tree,
        cluster,
        predicate_sql,
        asked['condition'] as condition,
        asked['attribute'] as attribute,
        asked['operator'] as operator,
        asked['levels'] as levels,
        asked['condition_sql'] as condition_sql,
        asked['condition_zh'] as condition_zh,
        asked['condition_en'] as condition_en
    from conditions

),

-- How many of the segment, and of everyone, have a level that the rule names.
named_shares as (

    select
        rules.segmentation_id,
        rules.leaf,
        rules.condition,
        sum(mix.share_of_segment order by mix.level) as share_of_segment,
        sum(mix.share_overall order by mix.level) as share_overall
    from rules
    inner join mix
        on
            rules.segmentation_id = mix.segmentation_id
            and rules.cluster = mix.cluster
            and rules.attribute = mix.attribute
            and list_contains(rules.levels, mix.level)
    group by rules.segmentation_id, rules.leaf, rules.condition

),

shares as (

    select
        rules.*,
        case
            when rules.operator = 'in' then coalesce(named_shares.share_of_segment, 0)
            when rules.operator = 'not_in' then 1 - coalesce(named_shares.share_of_segment, 0)
        end as share_of_segment,
        case
            when rules.operator = 'in' then coalesce(named_shares.share_overall, 0)
            when rules.operator = 'not_in' then 1 - coalesce(named_shares.share_overall, 0)
        end as share_overall
    from rules
    left join named_shares
        on
            rules.segmentation_id = named_shares.segmentation_id
            and rules.leaf = named_shares.leaf
            and rules.condition = named_shares.condition

)

select
    shares.segmentation_id,
    shares.leaf,
    shares.tree,
    shares.cluster,
    shares.condition,
    shares.predicate_sql,
    shares.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    shares.condition_sql,
    shares.condition_zh,
    shares.condition_en,
    shares.share_of_segment,
    shares.share_overall,
    shares.share_of_segment / nullif(shares.share_overall, 0) as lift,
    shares.condition > 0 and shares.share_of_segment > shares.share_overall as is_corroborated,
    not coalesce(sources.in_feature_set_a, attributes.in_feature_set_a, true) as is_discovery
from shares
left join attributes
    on shares.attribute = attributes.attribute
left join sources
    on attributes.derivation = sources.attribute
