with

decision as (

    select * from {{ ref('rpt_k_decision') }}

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

parameters as (

    select * from {{ ref('ml_feature_set_a_parameters') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

labels as (

    select * from {{ ref('int_attribute_levels') }}

),

scales as (

    select
        attribute,
        encoding,
        transform,
        max(value) filter (where parameter = 'mean') as mean,
        max(value) filter (where parameter = 'std') as std
    from parameters
    where encoding in ('numeric', 'ordinal', 'target')
    group by attribute, encoding, transform

),

ranks as (

    select
        attribute,
        level,
        value as rank
    from parameters
    where parameter = 'rank'

),

cluster_means as (

    select
        cluster,
        place,
        unnest(map_entries(means)) as entry
    from clusters

),

-- The mean of what is clustered on: of amounts that is a mean of logarithms, brought back to the unit.
means as (

    select
        cluster_means.cluster,
        scales.attribute,
        scales.encoding,
        scales.transform,
        cluster_means.entry['value'][cluster_means.place] * scales.std + scales.mean as mean
    from cluster_means
    inner join scales
        on cluster_means.entry['key'] = scales.attribute

),

numbers as (

    select
        means.cluster,
        means.attribute,
        case means.transform
            when 'log1p' then exp(means.mean) - 1
            when 'signed_log1p' then sign(means.mean) * (exp(abs(means.mean)) - 1)
            else means.mean
        end as number,
        attributes.unit,
        attributes.valid_max = 1 as is_share
    from means
    inner join attributes
        on means.attribute = attributes.attribute
    where means.encoding = 'numeric'

),

nearest_ranks as (

    select
        means.cluster,
        means.attribute,
        min({'distance': abs(ranks.rank - means.mean), 'rank': ranks.rank, 'level': ranks.level})['level'] as level
    from means
    inner join ranks
        on means.attribute = ranks.attribute
    where means.encoding = 'ordinal'
    group by means.cluster, means.attribute

),

cluster_counts as (

    select
        cluster,
        sizes[place] as customers,
        place,
        unnest(map_entries(level_counts)) as entry
    from clusters

),

counts as (

    select
        cluster,
        split_part(entry['key'], '=', 1) as attribute,
        substr(entry['key'], strpos(entry['key'], '=') + 1) as level,
        entry['value'][place] / customers as share
    from cluster_counts

),

modes as (

    select
        cluster,
        attribute,
        level,
        share
    from counts
    qualify row_number() over (partition by cluster, attribute order by share desc, level asc) = 1

),

typical_values as (

    select
        cluster,
        attribute,
        {{ number_text_zh('number', 'unit', 'is_share') }} as typical_zh,
        {{ number_text_en('number', 'unit', 'is_share') }} as typical_en
    from numbers
    union all
    select
        cluster,
        attribute,
        '高价值客户占 ' || {{ percent_text('mean') }} as typical_zh,
        {{ percent_text('mean') }} || ' high-value customers' as typical_en
    from means
    where encoding = 'target'
    union all
    select
        nearest_ranks.cluster,
        nearest_ranks.attribute,
        coalesce(labels.label_zh, nearest_ranks.level) as typical_zh,
        coalesce(labels.label_en, nearest_ranks.level) as typical_en
    from nearest_ranks
    left join labels
        on
            nearest_ranks.attribute = labels.attribute
            and nearest_ranks.level = labels.level
    union all
    select
        modes.cluster,
        modes.attribute,
        coalesce(labels.label_zh, modes.level)
        || '（' || {{ percent_text('modes.share') }} || '）' as typical_zh,
        coalesce(labels.label_en, modes.level)
        || ' (' || {{ percent_text('modes.share') }} || ')' as typical_en
    from modes
    left join labels
        on
            modes.attribute = labels.attribute
            and modes.level = labels.level

),

level_labels as (

    select
        attribute,
        map_from_entries(list({'level': level, 'label': label_zh} order by level)) as level_labels_zh,
        map_from_entries(list({'level': level, 'label': label_en} order by level)) as level_labels_en
    from labels
    group by attribute

),

clustered as (

    select distinct attribute
    from parameters

)

-- A component of a mixture that no training customer is in has words too, only nothing is typical of it.
select
    cast(numbered.cluster as integer) as cluster,
    attributes.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    attributes.unit,
    attributes.valid_max = 1 as is_share,
    level_labels.level_labels_zh,
    level_labels.level_labels_en,
    typical_values.typical_zh,
    typical_values.typical_en
from (select unnest(range(0, k)) as cluster from decision) as numbered
cross join clustered
inner join attributes
    on clustered.attribute = attributes.attribute
left join level_labels
    on clustered.attribute = level_labels.attribute
left join typical_values
    on
        numbered.cluster = typical_values.cluster
        and clustered.attribute = typical_values.attribute
