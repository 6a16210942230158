-- Everything that the model is made of, so that two fits have one version only where they are one model.
with

fingerprint as (

    select * from {{ ref('ml_model_fingerprint') }}

),

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

)

select
    substr(
        md5(
            fingerprint.parameters_hash || fingerprint.customers_hash
            || {{ sql_literal(tojson(fit_settings(), sort_keys=true)) }}
        ), 1, 12
    ) as model_version,
    decision.segmentation_id,
    regexp_replace(decision.segmentation_id, '_k[0-9]+$', '') as method,
    decision.k,
    snapshot.as_of_date,
    cast(fingerprint.training_customers as bigint) as training_customers,
    cast(fingerprint.inputs as varchar) as inputs,
    {{ sql_literal(tojson(fit_settings(), sort_keys=true)) }} as settings
from decision
cross join snapshot
cross join fingerprint
