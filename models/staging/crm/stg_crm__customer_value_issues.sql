with

checked as (

    select * from {{ ref('base_crm__customers_checked') }}

),

issues as (

    select
        row_number,
        customer_id,
        unnest(value_issues) as value_issue
    from checked
    where
        rejection_reason is null
        and len(value_issues) > 0

)

select
    row_number,
    customer_id,
    value_issue.attribute as attribute,
    value_issue.issue as issue,
    value_issue.raw_value as raw_value
from issues
