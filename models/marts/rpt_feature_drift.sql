-- noqa: disable=LT02
{{ kept_by('as_of_date') }}

with

customers as (

    select * from {{ ref('int_tracked_customers') }}

),

parameters as (

    select * from {{ ref('fct_model_parameters') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

model_in_use as (

    select * from {{ ref('int_model_in_use') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}

),

-- The model of the snapshot before, which a refit on this one has replaced; of the first snapshot, its own.
reference as (

    select
        snapshot.as_of_date,
        coalesce(snapshot.previous_model_version, model_in_use.model_version) as model_version
    from snapshot
    cross join model_in_use

),

of_reference as (

    select parameters.*
    from parameters
    inner join reference
        on parameters.model_version = reference.model_version

),

inputs as (

    select distinct attribute
    from of_reference
    where parameter_table = 'ml_feature_set_a_parameters'

),

expected as (

    select
        attribute,
        axis as bin,
        level,
        value as share
    from of_reference
    where
        parameter_table = 'int_training_distributions'
        and parameter = 'share'

),

ranges as (

    select
        attribute,
        axis as bin,
        value as lower_bound,
        lead(value) over (partition by attribute order by axis) as upper_bound
    from of_reference
    where
        parameter_table = 'int_training_distributions'
        and parameter = 'lower_bound'

),

found as (
    {{ distribution_counts('customers', 'ranges') }}

),

actual as (

    select
        attribute,
        bin,
        level,
        customers,
        customers / sum(customers) over (partition by attribute) as share
    from found

),

compared as (

    select
        coalesce(expected.attribute, actual.attribute) as attribute,
        coalesce(expected.bin, actual.bin) as bin,
        coalesce(expected.level, actual.level) as level,
        expected.share as expected_share,
        actual.share as actual_share,
        actual.customers
    from expected
    full join actual
        on
            expected.attribute = actual.attribute
            and expected.bin is not distinct from actual.bin
            and expected.level is not distinct from actual.level

),

-- Levels that few have count together, those that the model has never seen apart: each alone would be chance.
grouped as (

    select
        attribute,
        case
            when bin is not null then 'bin ' || bin
            when expected_share >= 0.01 or level = 'unknown' then level
            when expected_share is null then 'unseen levels'
            else 'rare levels'
        end as part,
        greatest(coalesce(sum(expected_share order by level), 0), 0.0001) as expected_share,
        greatest(coalesce(sum(actual_share order by level), 0), 0.0001) as actual_share
    from compared
    group by all

),

psi_by_attribute as (

    select
        attribute,
        sum((actual_share - expected_share) * ln(actual_share / expected_share) order by part) as psi
    from grouped
    group by attribute

),

counts_by_attribute as (

    select
        attribute,
        cast(sum(customers) as bigint) as customers,
        sum(expected_share) is not null as is_in_model,
        coalesce(max(expected_share) filter (where bin = 0 or level = 'unknown'), 0) as training_unknown_share,
        coalesce(max(actual_share) filter (where bin = 0 or level = 'unknown'), 0) as unknown_share,
        coalesce(sum(customers) filter (where expected_share is null and level != 'unknown'), 0) as unseen_customers
    from compared
    group by attribute

),

judged as (

    select
        reference.as_of_date,
        reference.model_version,
        counts_by_attribute.attribute,
        inputs.attribute is not null as is_model_input,
        coalesce(counts_by_attribute.customers, 0) as customers,
        case when counts_by_attribute.is_in_model then psi_by_attribute.psi end as psi,
        case when counts_by_attribute.is_in_model then counts_by_attribute.training_unknown_share end as training_unknown_share,
        case when counts_by_attribute.customers > 0 then counts_by_attribute.unknown_share else 1 end as unknown_share,
        case when counts_by_attribute.is_in_model then cast(counts_by_attribute.unseen_customers as bigint) else 0 end as unseen_customers,
        counts_by_attribute.is_in_model
    from counts_by_attribute
    inner join psi_by_attribute
        on counts_by_attribute.attribute = psi_by_attribute.attribute
    left join inputs
        on counts_by_attribute.attribute = inputs.attribute
    cross join reference

),

verdicts as (

    select
        *,
        case
            when not is_in_model and unknown_share = 1 then 'absent'
            when not is_in_model then 'new'
            when unknown_share = 1 and training_unknown_share < 1 then 'missing'
            when psi < 0.1 then 'stable'
            when psi < 0.25 then 'moderate'
            else 'major'
        end as verdict
    from judged

)

-- An attribute that only the model still knows has no label any more.
select
    verdicts.as_of_date,
    verdicts.model_version,
    verdicts.attribute,
    coalesce(attributes.label_zh, verdicts.attribute) as attribute_zh,
    coalesce(attributes.label_en, verdicts.attribute) as attribute_en,
    verdicts.is_model_input,
    verdicts.customers,
    verdicts.psi,
    verdicts.training_unknown_share,
    verdicts.unknown_share,
    verdicts.unseen_customers,
    verdicts.verdict,
    case verdicts.verdict
        when 'stable' then '稳定'
        when 'moderate' then '有偏移'
        when 'major' then '明显偏移'
        when 'missing' then '本期缺失'
        when 'new' then '新增指标'
        else '无数据'
    end as verdict_zh,
    case verdicts.verdict
        when 'stable' then 'stable'
        when 'moderate' then 'some drift'
        when 'major' then 'clear drift'
        when 'missing' then 'missing now'
        when 'new' then 'new'
        else 'no data'
    end as verdict_en,
    case
        when verdicts.verdict = 'missing' and verdicts.is_model_input then '先查数据：模型要用的指标，本期文件里没有'
        when verdicts.verdict = 'missing' then '看一看：本期文件里没有，但不参与分群'
        when verdicts.verdict = 'major' and verdicts.unknown_share - verdicts.training_unknown_share > 0.2 then '先查数据：未知值大增'
        when verdicts.verdict = 'major' and verdicts.is_model_input then '先确认数据无误，再重新拟合'
        when verdicts.verdict = 'major' then '看一看：指标变了，但不参与分群'
        when verdicts.verdict = 'moderate' then '继续打分，下期再看'
        when verdicts.verdict = 'new' then '重新拟合，新指标才会进入分群'
        else '继续打分'
    end as action_zh,
    case
        when verdicts.verdict = 'missing' and verdicts.is_model_input
            then 'Look at the data first: the model needs this attribute, and the file has none of it'
        when verdicts.verdict = 'missing' then 'Look at it: the file has none of it, but it is not clustered on'
        when verdicts.verdict = 'major' and verdicts.unknown_share - verdicts.training_unknown_share > 0.2
            then 'Look at the data first: far more is unknown than was'
        when verdicts.verdict = 'major' and verdicts.is_model_input then 'Make sure that the data are right, then refit'
        when verdicts.verdict = 'major' then 'Look at it: it has changed, but is not clustered on'
        when verdicts.verdict = 'moderate' then 'Go on scoring; look again at the next snapshot'
        when verdicts.verdict = 'new' then 'Refit: only then is it clustered on'
        else 'Go on scoring'
    end as action_en
from verdicts
left join attributes
    on verdicts.attribute = attributes.attribute
