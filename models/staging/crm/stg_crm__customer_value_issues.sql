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
        and array_length(value_issues) > 0

)

select
    issues.row_number,
    issues.customer_id,
    issues.value_issue.attribute,
    issues.value_issue.issue,
    issues.value_issue.raw_value
from issues
