{{ config(severity='warn', tags=['score']) }}

-- More than a twentieth of the file was refused: stg_crm__customers_rejected says row by row why.
with

outcomes as (

    select * from {{ ref('rpt_file_rows') }}

)

select sum(share_of_rows) as refused_share
from outcomes
where not is_kept
having sum(share_of_rows) > 0.05
