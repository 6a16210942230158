with

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

-- Of a number that is so by definition for most of a segment, such as a volatility of one month, nothing is said.
not_known as (

    select
        segmentation_id,
        cluster,
        attribute
    from {{ ref('int_indicator_comparisons') }}
    where other_cluster is null and standing = 'not_known'

),

phrases as (

    select * from {{ ref('persona_phrases') }}

),

numbers as (

    select
        kpis.segmentation_id,
        kpis.cluster,
        kpis.theme,
        kpis.attribute,
        kpis.attribute_zh,
        kpis.attribute_en,
        kpis.unit,
        kpis.mean,
        kpis.overall_mean,
        kpis.median,
        kpis.p75,
        kpis.overall_median,
        kpis.p_adjusted_transformed,
        kpis.known_customers / kpis.customers as known_share,
        coalesce(kpis.effect_size_transformed, 0) as effect,
        kpis.attribute = '{{ var("value_attribute") }}' as is_value,
        kpis.unit = 'ratio' and attributes.valid_min = 0 and attributes.valid_max = 1 as is_share
    from kpis
    inner join attributes
        on kpis.attribute = attributes.attribute
    left join not_known
        on
            kpis.segmentation_id = not_known.segmentation_id
            and kpis.cluster = not_known.cluster
            and kpis.attribute = not_known.attribute
    where
        (not_known.attribute is null or kpis.known_customers < 0.5 * kpis.customers)
        and kpis.theme is not null
        and (attributes.role = 'performance' or kpis.attribute = '{{ var("value_attribute") }}')
        -- What is the same for everyone says nothing of a segment.
        and (
            kpis.std_dev > 0
            or kpis.effect_size_transformed is not null
            or kpis.attribute = '{{ var("value_attribute") }}'
        ) is not false
        -- An index says nothing to a reader; its bins do.
        and kpis.unit is distinct from 'index'

),

-- A comparison is put into words where effect, test and medians agree; otherwise the two medians stand alone, or the two
-- means where the medians are one number, such as 0, that most customers have.
compared as (

    select
        *,
        case
            when known_share < 0.5 then 'number_unknown'
            when
                abs(effect) >= 0.2 and p_adjusted_transformed < 0.05 and sign(median - overall_median) = sign(effect)
                then
                    case when effect > 0 then 'number_above_' else 'number_below_' end
                    || case
                        when abs(effect) >= 0.8 then 'far'
                        when abs(effect) >= 0.5 or greatest(median, overall_median) >= 2 * least(median, overall_median) then 'clear'
                        else 'slight'
                    end
            when not is_value and abs(effect) >= 0.2 and median = overall_median and sign(mean - overall_mean) = sign(effect)
                then 'number_mean'
            when is_value or abs(effect) >= 0.2 then 'number_plain'
        end as phrase,
        theme in ('spending_power', 'activity', 'loyalty', 'scale') as is_of_numbers
    from numbers

),

-- The value, and the two others of a theme that stand out most; of a theme that levels tell of, one that clearly does.
ranked as (

    select
        *,
        case when phrase = 'number_mean' then mean else median end as value,
        case when phrase = 'number_mean' then overall_mean else overall_median end as overall_value,
        row_number() over (
            partition by segmentation_id, cluster, theme, is_value
            order by phrase = 'number_unknown' asc, abs(effect) desc, attribute asc
        ) as theme_rank
    from compared
    where phrase is not null and (is_of_numbers or abs(effect) >= 0.5)

),

striking as (

    select
        segmentation_id,
        cluster,
        theme,
        case when is_value then 0 when is_of_numbers then theme_rank else 15 end as position,
        phrase,
        attribute,
        attribute_zh as label_zh,
        attribute_en as label_en,
        {{ number_text_zh('value', 'unit', 'is_share') }} as value_zh,
        {{ number_text_en('value', 'unit', 'is_share') }} as value_en,
        {{ number_text_zh('overall_value', 'unit', 'is_share') }} as overall_zh,
        {{ number_text_en('overall_value', 'unit', 'is_share') }} as overall_en,
        {{ percent_text('known_share') }} as share
    from ranked
    where theme_rank <= case when is_of_numbers then 2 else 1 end

),

-- A mean that three customers in four do not reach is no picture of the segment; most amounts are a little like that.
whales as (

    select
        segmentation_id,
        cluster,
        theme,
        0.5 as position,
        'whales' as phrase,
        attribute,
        attribute_zh as label_zh,
        attribute_en as label_en,
        {{ number_text_zh('mean', 'unit', 'is_share') }} as value_zh,
        {{ number_text_en('mean', 'unit', 'is_share') }} as value_en,
        cast(null as varchar) as overall_zh,
        cast(null as varchar) as overall_en,
        cast(null as varchar) as share
    from numbers
    where is_value and known_share >= 0.5 and mean > p75 and mean * overall_median > median * overall_mean

),

ordinary as (

    select
        segmentation_id,
        cluster,
        theme,
        1 as position,
        'numbers_similar' as phrase,
        string_agg(attribute, ''', ''' order by attribute) as attribute,
        string_agg(attribute_zh, '、' order by attribute) as label_zh,
        string_agg(attribute_en, ', ' order by attribute) as label_en,
        cast(null as varchar) as value_zh,
        cast(null as varchar) as value_en,
        cast(null as varchar) as overall_zh,
        cast(null as varchar) as overall_en,
        cast(null as varchar) as share
    from compared
    where is_of_numbers
    group by segmentation_id, cluster, theme
    having count(phrase) = 0

),

said as (

    select * from striking
    union all
    select * from whales
    union all
    select * from ordinary

)

select
    said.segmentation_id,
    said.cluster,
    said.theme,
    said.position,
    said.phrase,
    {{ phrase_text('phrases.text_zh', {
        'label': 'said.label_zh', 'value': 'said.value_zh', 'overall': 'said.overall_zh', 'share': 'said.share'
    }) }} as text_zh,
    {{ phrase_text('phrases.text_en', {
        'label': 'said.label_en', 'value': 'said.value_en', 'overall': 'said.overall_en', 'share': 'said.share'
    }) }} as text_en,
    'rpt_segment_kpis where attribute in (''' || said.attribute || ''')' as evidence
from said
inner join phrases
    on said.phrase = phrases.phrase
