{{ config(materialized='view') }}

with

feature_set_b as (

    select * from {{ ref('int_feature_set_b') }}

),

profiled_texts as (

    select * from {{ ref('int_profiled_texts') }}

),

categories as (

    select
        feature_set_b.*,
        profiled_texts.* exclude (customer_id), -- noqa: RF02
        -- So that there is a column to unpivot where the dictionary has no category; nulls give no rows.
        cast(null as varchar) as no_attribute
    from feature_set_b
    inner join profiled_texts
        on feature_set_b.customer_id = profiled_texts.customer_id

)

unpivot categories
on columns(* exclude (customer_id))
into name attribute value level
