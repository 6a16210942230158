{{ config(materialized='view') }}

with

stages as (

    select * from {{ ref('stg_builds__stages') }}

)

select
    build_id,
    build_number,
    stage,
    stage_order,
    started_at,
    command,
    code_version,
    settings_hash,
    input_file,
    input_hash,
    file_rows,
    kept_rows,
    refused_rows,
    nodes,
    seconds,
    peak_memory_bytes / 1048576.0 as peak_memory_mib,
    as_of_date,
    model_version,
    k,
    warnings,
    failures,
    result,
    case result when 'success' then '成功' when 'failed' then '失败' else '未完成' end as result_zh
from stages
