with

fits as (

    select * from {{ ref('ml_k_criteria') }}

),

gaps as (

    select * from {{ ref('ml_k_gap') }}

),

stability as (

    select * from {{ ref('ml_k_stability') }}

)

select * from fits
union all
select * from gaps
union all
select * from stability
