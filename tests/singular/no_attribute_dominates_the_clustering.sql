{{ config(severity='warn') }}

-- With the gamma that is used, one category makes up more than half of the cost: the segments follow it and little else.
with

sweep as (

    select * from {{ ref('rpt_gamma_sweep') }}

)

select
    attribute,
    value as cost_share
from sweep
where multiple = 1 and is_warning
