-- noqa: disable=LT02
{%- set numbers = dictionary(roles=['performance']) | map(attribute='attribute') | list %}
{%- if var('value_attribute') not in numbers %}
{%- do numbers.append(var('value_attribute')) %}
{%- endif %}
{%- set categories = dictionary(roles=['ordinal', 'nominal', 'high_cardinality']) | map(attribute='attribute') | list %}

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
            ['spending_power', 'activity', 'loyalty', 'scale', 'category', 'channel', 'region', 'background'],
            data_dictionary.theme
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

-- Of each theme of performance the indicator that tells the segments of a segmentation apart best, the one with the most
-- variance between them.
key_indicators as (

    select
        separations.segmentation_id,
        attributes.attribute,
        attributes.theme_order as figure_order
    from attributes
    inner join separations
        on attributes.attribute = separations.attribute
    where
        attributes.role = 'performance'
        and attributes.direction != 'neutral'
        and attributes.theme in ('spending_power', 'activity', 'loyalty', 'scale')
        and attributes.in_feature_set_a
        and attributes.attribute != '{{ var("value_attribute") }}'
    qualify row_number() over (
        partition by separations.segmentation_id, attributes.theme
        order by separations.separation desc, attributes.attribute asc
    ) = 1

),

clustered_categories as (

    select
        attribute,
        theme_order,
        theme = 'background' as is_background,
        row_number() over (partition by theme order by attribute asc) as theme_rank
    from attributes
    where
        in_feature_set_a
        and (
            role in ('nominal', 'high_cardinality') and theme in ('category', 'channel', 'region')
            or role in ('ordinal', 'nominal', 'high_cardinality') and theme = 'background'
        )

),

-- Of each of the themes category, channel and region the first; where there is none, three that tell who the customers are.
key_categories as (

    select
        attribute,
        theme_order + theme_rank / 10 as figure_order
    from clustered_categories
    qualify
        case when is_background then theme_rank <= 3 and bool_and(is_background) over () else theme_rank = 1 end

),

key_attributes as (

    select
        segmentation_id,
        attribute,
        figure_order
    from key_indicators
    union all
    select
        segmentations.segmentation_id,
        key_categories.attribute,
        key_categories.figure_order
    from (select distinct segmentation_id from examples) as segmentations
    cross join key_categories
    union all
    select distinct
        segmentation_id,
        '{{ var("value_attribute") }}' as attribute,
        0 as figure_order
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
        key_attributes.figure_order,
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

texts as (

    select
        segmentation_id,
        cluster,
        kind,
        example_rank,
        any_value(customer_value) as customer_value,
        string_agg(label_zh || '：' || text_zh, '；' order by figure_order) as figures_zh,
        string_agg(label_en || ': ' || text_en, '; ' order by figure_order) as figures_en
    from figures
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
