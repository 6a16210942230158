-- Everything that the model is made of, so that two fits have one version only where they are one model.
with

parameters as (

    select * from {{ ref('int_fitted_parameters') }}

),

training_customers as (

    select * from {{ ref('int_training_customers') }}

),

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

),

parameters_hash as (

    select
        md5(string_agg(cast(parameters as varchar), ';' order by parameters.parameter_table, parameters.row_number)) as hash,
        string_agg(distinct parameters.attribute, ', ' order by parameters.attribute) filter (
            where parameters.parameter_table = 'ml_feature_set_a_parameters'
        ) as inputs
    from parameters

),

training_hash as (

    select
        md5(string_agg(md5(cast(training_customers as varchar)), '' order by training_customers.customer_id)) as hash,
        count(*) as customers
    from training_customers

)

select
    substr(
        md5(parameters_hash.hash || training_hash.hash || {{ sql_literal(tojson(fit_settings(), sort_keys=true)) }}), 1, 12
    ) as model_version,
    decision.segmentation_id,
    regexp_replace(decision.segmentation_id, '_k[0-9]+$', '') as method,
    decision.k,
    snapshot.as_of_date,
    training_hash.customers as training_customers,
    parameters_hash.inputs,
    {{ sql_literal(tojson(fit_settings(), sort_keys=true)) }} as settings
from decision
cross join snapshot
cross join parameters_hash
cross join training_hash
