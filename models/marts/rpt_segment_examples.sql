-- noqa: disable=LT02
{%- set numbers = dictionary(roles=['performance']) | map(attribute='attribute') | list %}
{%- if var('value_attribute') not in numbers %}
{%- do numbers.append(var('value_attribute')) %}
{%- endif %}
{%- set categories = dictionary(roles=['nominal', 'high_cardinality']) | map(attribute='attribute') | list %}

with

examples as (

    select * from {{ ref('int_segment_examples') }}

),

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

data_dictionary as (

    select * from {{ ref('data_dictionary') }}

),

selection as (

    select * from {{ ref('int_attribute_selection') }}

),

levels as (

    select * from {{ ref('int_attribute_levels') }}

),

kpis as (

    select * from {{ ref('rpt_segment_kpis') }}

),

attributes as (

    select
        data_dictionary.attribute,
        data_dictionary.label_zh,
        data_dictionary.label_en,
        data_dictionary.role,
        data_dictionary.theme,
        data_dictionary.direction,
        data_dictionary.unit,
        cast(data_dictionary.valid_max as double) as valid_max,
        selection.in_feature_set_a,
        list_position(
            ['spending_power', 'activity', 'loyalty', 'scale', 'category', 'channel', 'region'], data_dictionary.theme
        ) as theme_order
    from data_dictionary
    left join selection
        on data_dictionary.attribute = selection.attribute

),

separations as (

    select
        segmentation_id,
        attribute,
        sum(customers * power(effect_size_transformed, 2) order by cluster) as separation
    from kpis
    group by segmentation_id, attribute

),

indicators as (

    select
        separations.segmentation_id,
        attributes.attribute,
        separations.separation,
        attributes.direction != 'neutral'
        and coalesce(attributes.theme in ('spending_power', 'activity', 'loyalty', 'scale'), false) as is_performance,
        row_number() over (
            partition by separations.segmentation_id, attributes.direction != 'neutral', attributes.theme
            order by separations.separation desc, attributes.attribute asc
        ) as rank_in_theme
    from attributes
    inner join separations
        on attributes.attribute = separations.attribute
    where
        attributes.role = 'performance'
        and attributes.in_feature_set_a
        and attributes.attribute != '{{ var("value_attribute") }}'

),

-- Of each theme of performance the indicator that tells the segments of a segmentation apart best, the one with the most
-- variance between them; where that is not four, the best of the rest.
key_indicators as (

    select
        segmentation_id,
        attribute
    from indicators
    qualify row_number() over (
        partition by segmentation_id order by is_performance and rank_in_theme = 1 desc, separation desc, attribute asc
    ) <= 4

),

categories as (

    select
        attribute,
        theme,
        theme in ('category', 'channel', 'region')
        and row_number() over (partition by theme order by attribute asc) = 1 as is_main
    from attributes
    where role in ('nominal', 'high_cardinality') and in_feature_set_a

),

-- The main category, channel and region; where that is not three, others, and where customers come from last.
key_categories as (

    select attribute
    from categories
    qualify row_number() over (
        order by coalesce(is_main, false) desc, coalesce(theme = 'background', false) asc, attribute asc
    ) <= 3

),

key_attributes as (

    select
        segmentation_id,
        attribute
    from key_indicators
    union all
    select
        segmentations.segmentation_id,
        key_categories.attribute
    from (select distinct segmentation_id from examples) as segmentations
    cross join key_categories
    union all
    select distinct
        segmentation_id,
        '{{ var("value_attribute") }}' as attribute
    from examples

),

customer_values as (

    select
        customer_id,
        cast({{ var('value_attribute') }} as double) as customer_value,
        unnest([
            {%- for attribute in numbers %}
            {'attribute': '{{ attribute }}', 'number': cast({{ attribute }} as double), 'level': cast(null as varchar)}
            {{- ',' if categories or not loop.last }}
            {%- endfor %}
            {%- for attribute in categories %}
            {'attribute': '{{ attribute }}', 'number': null, 'level': coalesce(cast({{ attribute }} as varchar), 'unknown')}
            {{- ',' if not loop.last }}
            {%- endfor %}
        ]) as known
    from customers
    where customer_id in (select examples.customer_id from examples)

),

-- A unit need not say "a month" again where the label does.
labelled as (

    select
        examples.segmentation_id,
        examples.cluster,
        examples.kind,
        examples.example_rank,
        customer_values.customer_value,
        key_attributes.attribute,
        attributes.theme_order,
        attributes.label_zh,
        attributes.label_en,
        customer_values.known.number,
        customer_values.known.level,
        coalesce(levels.label_zh, customer_values.known.level) as level_zh,
        coalesce(levels.label_en, customer_values.known.level) as level_en,
        attributes.valid_max = 1 as is_share,
        case when attributes.label_zh like '%月%' then replace(attributes.unit, '_per_month', '') else attributes.unit end as unit_zh,
        case when attributes.label_en ilike '%month%' then replace(attributes.unit, '_per_month', '') else attributes.unit end as unit_en
    from examples
    inner join key_attributes
        on examples.segmentation_id = key_attributes.segmentation_id
    inner join customer_values
        on
            examples.customer_id = customer_values.customer_id
            and key_attributes.attribute = customer_values.known.attribute
    inner join attributes
        on key_attributes.attribute = attributes.attribute
    left join levels
        on
            customer_values.known.attribute = levels.attribute
            and customer_values.known.level = levels.level

),

figures as (

    select
        *,
        coalesce(level_zh, {{ number_text_zh('number', 'unit_zh', 'is_share') }}) as text_zh,
        coalesce(level_en, {{ number_text_en('number', 'unit_en', 'is_share') }}) as text_en
    from labelled

),

-- The value, numbers by theme, categories by theme.
ordered as (

    select
        *,
        row_number() over (
            partition by segmentation_id, cluster, kind, example_rank
            order by attribute != '{{ var("value_attribute") }}' asc, level is not null asc, theme_order asc nulls last, attribute asc
        ) as figure_order
    from figures

),

texts as (

    select
        segmentation_id,
        cluster,
        kind,
        example_rank,
        any_value(customer_value) as customer_value,
        string_agg(label_zh || '：' || text_zh, '；' order by figure_order) as figures_zh,
        string_agg(label_en || ': ' || text_en, '; ' order by figure_order) as figures_en
    from ordered
    group by segmentation_id, cluster, kind, example_rank

)

select
    examples.segmentation_id,
    examples.cluster,
    examples.segment_id,
    examples.kind,
    examples.example_rank,
    examples.customer_id,
    examples.distance,
    examples.runner_up_cluster,
    examples.runner_up_segment_id,
    examples.runner_up_distance,
    examples.runner_up_closeness,
    examples.probability,
    texts.customer_value,
    texts.figures_zh,
    texts.figures_en
from examples
inner join texts
    on
        examples.segmentation_id = texts.segmentation_id
        and examples.cluster = texts.cluster
        and examples.kind = texts.kind
        and examples.example_rank = texts.example_rank
