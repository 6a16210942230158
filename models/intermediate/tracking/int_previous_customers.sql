{{ config(materialized='view') }}

with

history as (
    {{ kept_rows('fct_segment_history', {
        'as_of_date': 'date', 'customer_id': 'varchar', 'segment_id': 'varchar', 'cluster': 'integer'
    }) }}

),

snapshot as (

    select * from {{ ref('int_snapshot') }}

)

select
    history.customer_id,
    history.segment_id,
    history.cluster
from history
inner join snapshot
    on history.as_of_date = snapshot.previous_as_of_date
