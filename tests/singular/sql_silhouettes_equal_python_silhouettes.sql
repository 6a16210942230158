-- The mean silhouette of every final segment is the same from SQL and from Python.
with

segments as (

    select * from {{ ref('dim_segments') }}

),

customers as (

    select * from {{ ref('fct_customer_segments') }}

),

decision as (

    select * from {{ ref('rpt_k_decision') }}

),

sql_silhouettes as (

    select
        segment_id,
        avg(silhouette) as mean_silhouette
    from customers
    where is_training_customer
    group by segment_id

),

python_silhouettes as (

    select
        segments.segment_id,
        segments.mean_silhouette
    from segments
    inner join decision
        on segments.segmentation_id = decision.segmentation_id

)

select
    python_silhouettes.segment_id,
    sql_silhouettes.mean_silhouette as sql_silhouette,
    python_silhouettes.mean_silhouette as python_silhouette
from python_silhouettes
left join sql_silhouettes
    on python_silhouettes.segment_id = sql_silhouettes.segment_id
where
    sql_silhouettes.mean_silhouette is null
    or abs(sql_silhouettes.mean_silhouette - python_silhouettes.mean_silhouette) > 1e-9
