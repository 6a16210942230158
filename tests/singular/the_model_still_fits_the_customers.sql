{{ config(severity='warn', tags=['score']) }}

-- Customers are no longer as they were when the model was fitted: refit, or look at the data first.
with

advice as (

    select * from {{ ref('rpt_refit_advice') }}

)

select
    as_of_date,
    advice,
    reason_en
from advice
where advice != 'keep'
