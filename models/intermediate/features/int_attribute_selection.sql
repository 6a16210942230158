{{ config(post_hook="{{ stop_when_attributes_cannot_be_clustered() }}") }}

with

dictionary as (

    select * from {{ ref('data_dictionary') }}

),

attribute_statistics as (

    select * from {{ ref('int_attribute_statistics') }}

),

file_columns as (

    select * from {{ ref('stg_crm__file_columns') }}

),

attributes as (

    select
        dictionary.attribute,
        dictionary.role,
        dictionary.transform,
        dictionary.missing_policy,
        case dictionary.role
            when 'performance' then 'numeric'
            when 'high_cardinality' then 'target'
            else dictionary.role
        end as encoding,
        file_columns.attribute is not null as is_in_file,
        attribute_statistics.known_customers,
        attribute_statistics.distinct_values,
        dictionary.role = 'flag'
        and attribute_statistics.minimum = 1
        and attribute_statistics.known_customers < attribute_statistics.customers as is_blank_for_no,
        (attribute_statistics.customers - attribute_statistics.known_customers) / attribute_statistics.customers as missing_share
    from dictionary
    inner join attribute_statistics
        on dictionary.attribute = attribute_statistics.attribute
    left join file_columns
        on dictionary.attribute = file_columns.attribute

),

judged as (

    select
        *,
        case
            when role not in ('performance', 'ordinal', 'nominal', 'high_cardinality', 'flag')
                then 'role_not_clustered'
            when known_customers = 0 and not is_in_file then 'not_in_file'
            when known_customers = 0 then 'all_unknown'
            -- Blank is 0 by the missing policy of every flag: one that is never 0 has two values, and says no by a blank.
            when is_blank_for_no then 'clustered'
            when missing_share > {{ var('max_missing_share') }} then 'too_many_unknown'
            when distinct_values = 1 and (role != 'nominal' or missing_share = 0) then 'constant'
            else 'clustered'
        end as reason
    from attributes

)

select
    attribute,
    role,
    encoding,
    transform,
    missing_policy,
    is_in_file,
    missing_share,
    reason = 'clustered' as in_feature_set_a,
    reason
from judged
