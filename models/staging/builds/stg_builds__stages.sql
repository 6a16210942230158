with

stages as (

    select * from {{ source('builds', 'stages') }}

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
    file_rows - kept_rows as refused_rows,
    nodes,
    seconds,
    peak_memory_bytes,
    as_of_date,
    model_version,
    k,
    warnings,
    failures,
    result
from stages
