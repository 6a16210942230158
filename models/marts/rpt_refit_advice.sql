with

trends as (

    select * from {{ ref('rpt_segment_trends') }}

),

models as (

    select * from {{ ref('dim_models') }}

),

drift as (

    select * from {{ ref('rpt_feature_drift') }}

),

last_date as (

    select max(as_of_date) as as_of_date
    from trends

),

segments as (

    select
        trends.*,
        greatest(trends.customer_share, 0.0001) as share_now,
        greatest(trends.customer_share_at_fit, 0.0001) as share_at_fit
    from trends
    inner join last_date
        on trends.as_of_date = last_date.as_of_date
    where trends.model_version is not null

),

snapshot as (

    select
        as_of_date,
        any_value(model_version) as model_version,
        cast(sum(customers) as bigint) as customers,
        sum(mean_silhouette * customers order by segment_id) / sum(customers) as mean_silhouette,
        sum((share_now - share_at_fit) * ln(share_now / share_at_fit) order by segment_id) as size_psi
    from segments
    group by as_of_date

),

model as (

    select
        models.*,
        date_diff('day', models.as_of_date, snapshot.as_of_date) as age_days
    from models
    inner join snapshot
        on models.model_version = snapshot.model_version

),

-- Drift against the model in use; a refit on this very snapshot has no drift from it.
attribute_drift as (

    select
        count(*) filter (where drift.verdict = 'missing' and drift.is_model_input) as missing_inputs,
        count(*) filter (where drift.verdict = 'major' and drift.is_model_input) as drifted_inputs,
        count(*) filter (where drift.verdict = 'new') as new_attributes,
        count(*) filter (
            where drift.is_model_input and drift.verdict = 'major' and drift.unknown_share - drift.training_unknown_share > 0.2
        ) as emptied_inputs,
        string_agg(drift.attribute_zh, '、' order by drift.attribute) filter (
            where drift.is_model_input and drift.verdict in ('missing', 'major')
        ) as inputs_zh,
        string_agg(drift.attribute_zh, '、' order by drift.attribute) filter (where drift.verdict = 'new') as new_names_zh,
        string_agg(drift.attribute_en, ', ' order by drift.attribute) filter (
            where drift.is_model_input and drift.verdict in ('missing', 'major')
        ) as inputs_en,
        string_agg(drift.attribute_en, ', ' order by drift.attribute) filter (where drift.verdict = 'new') as new_names_en
    from drift
    inner join snapshot
        on
            drift.as_of_date = snapshot.as_of_date
            and drift.model_version = snapshot.model_version

),

judged as (

    select
        snapshot.as_of_date,
        model.model_version,
        model.as_of_date as model_as_of_date,
        model.age_days,
        snapshot.customers,
        model.mean_silhouette as model_mean_silhouette,
        snapshot.mean_silhouette,
        snapshot.size_psi,
        attribute_drift.missing_inputs,
        attribute_drift.drifted_inputs,
        attribute_drift.new_attributes,
        attribute_drift.inputs_zh,
        attribute_drift.inputs_en,
        attribute_drift.new_names_zh,
        attribute_drift.new_names_en,
        case
            when model.age_days = 0 then 'keep'
            when attribute_drift.missing_inputs > 0 or attribute_drift.emptied_inputs > 0 then 'check_data'
            when
                attribute_drift.drifted_inputs > 0
                or attribute_drift.new_attributes > 0
                or snapshot.size_psi >= 0.25
                or snapshot.mean_silhouette < 0.8 * model.mean_silhouette
                or model.age_days > 366
                then 'refit'
            else 'keep'
        end as advice
    from model
    cross join snapshot
    cross join attribute_drift

)

select
    as_of_date,
    model_version,
    model_as_of_date,
    cast(age_days as integer) as age_days,
    customers,
    model_mean_silhouette,
    mean_silhouette,
    size_psi,
    cast(missing_inputs as integer) as missing_inputs,
    cast(drifted_inputs as integer) as drifted_inputs,
    cast(new_attributes as integer) as new_attributes,
    advice,
    case advice when 'keep' then '沿用现有模型' when 'refit' then '重新拟合模型' else '先查数据' end as advice_zh,
    case advice when 'keep' then 'Keep the model' when 'refit' then 'Fit the model anew' else 'Look at the data first' end as advice_en,
    case
        when age_days = 0 then '模型就是用本期数据拟合的。'
        when advice = 'keep'
            then printf(
                '模型要用的指标都没有明显偏移，客群规模的 PSI 为 %.2f（低于 0.25），平均轮廓系数 %.2f（拟合时 %.2f）。',
                size_psi, mean_silhouette, model_mean_silhouette
            )
        when advice = 'check_data' then '这些指标本期缺失或未知值大增：' || inputs_zh || '。数据没有问题后再打分或重新拟合。'
        else
            concat_ws(
                '；',
                case when drifted_inputs > 0 then '这些指标明显偏移：' || inputs_zh end,
                case when new_attributes > 0 then '有新增指标：' || new_names_zh end,
                case when size_psi >= 0.25 then printf('客群规模的 PSI 为 %.2f（不低于 0.25）', size_psi) end,
                case
                    when mean_silhouette < 0.8 * model_mean_silhouette
                        then printf('平均轮廓系数从 %.2f 降到 %.2f', model_mean_silhouette, mean_silhouette)
                end,
                case when age_days > 366 then printf('模型已有 %d 天', age_days) end
            ) || '。'
    end as reason_zh,
    case
        when age_days = 0 then 'The model was fitted on this very snapshot.'
        when advice = 'keep'
            then printf(
                'No attribute that the model needs has drifted much; the PSI of segment sizes is %.2f (below 0.25), the mean '
                || 'silhouette %.2f (%.2f when it was fitted).',
                size_psi, mean_silhouette, model_mean_silhouette
            )
        when advice = 'check_data'
            then
                'Missing from this file, or far more often unknown than before: ' || inputs_en
                || '. Score or refit when the data are known to be right.'
        else
            concat_ws(
                '; ',
                case when drifted_inputs > 0 then 'Clearly drifted: ' || inputs_en end,
                case when new_attributes > 0 then 'New attributes: ' || new_names_en end,
                case when size_psi >= 0.25 then printf('PSI of segment sizes %.2f (0.25 or more)', size_psi) end,
                case
                    when mean_silhouette < 0.8 * model_mean_silhouette
                        then printf('mean silhouette down from %.2f to %.2f', model_mean_silhouette, mean_silhouette)
                end,
                case when age_days > 366 then printf('the model is %d days old', age_days) end
            ) || '.'
    end as reason_en
from judged
