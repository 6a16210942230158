{%- set order = 'order by abs(effect) desc nulls last, attribute asc' %}

with

comparisons as (

    select
        *,
        case
            when standing in ('clearly_better', 'better') then 'better'
            when standing in ('clearly_worse', 'worse') then 'worse'
            when standing = 'alike' then 'alike'
            else 'unclear'
        end as side
    from {{ ref('int_indicator_comparisons') }}

),

segments as (

    select * from {{ ref('int_segment_names') }}

),

dimensions as (

    select * from {{ ref('persona_dimensions') }}

),

-- A theme is called as the row of the persona card that tells of it alone.
headings as (

    select
        theme,
        dimension,
        dimension_en
    from dimensions
    where theme is not null
    qualify count(*) over (partition by dimension) = 1

),

-- The indicators that say the most are told first.
themes as (

    select
        segmentation_id,
        cluster,
        other_cluster,
        theme,
        cast(count(*) as integer) as indicators,
        cast(count(*) filter (where side = 'better') as integer) as indicators_in_favour,
        cast(count(*) filter (where side = 'worse') as integer) as indicators_against,
        case when bool_and(effect is not null) then arg_min(effect, (abs(effect), attribute)) end as weakest_effect,
        case when bool_and(p_adjusted is not null) then max(p_adjusted) end as largest_p_adjusted,
        case
            when bool_and(standing = 'clearly_better') then 'clearly_better'
            when bool_and(standing = 'clearly_worse') then 'clearly_worse'
            when bool_and(standing = 'alike') then 'no_clear_difference'
            when bool_and(standing = 'not_known') then 'not_known'
            else 'mixed'
        end as verdict,
        {%- for side in ['better', 'worse', 'alike', 'unclear'] %}
        string_agg(attribute_zh, '、' {{ order }}) filter (where side = '{{ side }}') as {{ side }}_zh,
        string_agg(attribute_en, ', ' {{ order }}) filter (where side = '{{ side }}') as {{ side }}_en,
        {%- endfor %}
        string_agg(attribute_zh, '、' {{ order }}) as all_zh,
        string_agg(attribute_en, ', ' {{ order }}) as all_en
    from comparisons
    group by segmentation_id, cluster, other_cluster, theme

),

compared as (

    select
        themes.*,
        segments.segment_id,
        coalesce(headings.dimension, {{ theme_label('themes.theme', 'zh') }}) as theme_zh,
        coalesce(headings.dimension_en, {{ theme_label('themes.theme', 'en') }}) as theme_en,
        case when themes.indicators > 1 then '全面且' else '' end as in_all_zh,
        case when themes.indicators > 1 then ', in every respect' else '' end as in_all_en,
        coalesce(others.segment_id, 'everyone') as compared_with,
        coalesce(printf('%s「%s」', others.segment_id, others.name_zh), '全体客户的平均水平') as other_zh,
        coalesce(printf('%s "%s"', others.segment_id, others.name_en), 'the average customer') as other_en
    from themes
    inner join segments
        on
            themes.segmentation_id = segments.segmentation_id
            and themes.cluster = segments.cluster
    left join segments as others
        on
            themes.segmentation_id = others.segmentation_id
            and themes.other_cluster = others.cluster
    left join headings
        on themes.theme = headings.theme

)

select
    segmentation_id,
    cluster,
    segment_id,
    theme,
    theme_zh,
    theme_en,
    compared_with,
    other_cluster,
    indicators,
    indicators_in_favour,
    indicators_against,
    weakest_effect,
    largest_p_adjusted,
    verdict,
    case verdict
        when 'clearly_better' then printf('在%s（%s）上%s显著地优于%s', theme_zh, all_zh, in_all_zh, other_zh)
        when 'clearly_worse' then printf('在%s（%s）上%s显著地弱于%s', theme_zh, all_zh, in_all_zh, other_zh)
        when 'no_clear_difference' then printf('在%s（%s）上与%s没有明显差别', theme_zh, all_zh, other_zh)
        when 'not_known' then printf('在%s（%s）上无法与%s比较：至少一方的多数客户没有可用的数据', theme_zh, all_zh, other_zh)
        else
            printf('与%s相比，%s：', other_zh, theme_zh)
            || concat_ws(
                '；', '更好的有' || better_zh, '更差的有' || worse_zh, '没有明显差别的有' || alike_zh, '不能确定的有' || unclear_zh
            )
    end as label_zh,
    case verdict
        when 'clearly_better' then printf('Clearly better than %s in %s%s (%s)', other_en, lower(theme_en), in_all_en, all_en)
        when 'clearly_worse' then printf('Clearly worse than %s in %s%s (%s)', other_en, lower(theme_en), in_all_en, all_en)
        when 'no_clear_difference' then printf('No clear difference from %s in %s (%s)', other_en, lower(theme_en), all_en)
        when 'not_known'
            then printf(
                'Cannot be compared with %s in %s (%s): most customers of at least one side have no usable value',
                other_en,
                lower(theme_en),
                all_en
            )
        else
            printf('Compared with %s, %s: ', other_en, lower(theme_en))
            || concat_ws(
                '; ',
                'better in ' || better_en,
                'worse in ' || worse_en,
                'no clear difference in ' || alike_en,
                'uncertain in ' || unclear_en
            )
    end as label_en
from compared
