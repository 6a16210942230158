with

attributes as (

    select * from {{ ref('data_dictionary') }}

),

attribute_statistics as (

    select * from {{ ref('int_attribute_statistics') }}

),

selection as (

    select * from {{ ref('int_attribute_selection') }}

),

value_issues as (

    select * from {{ ref('stg_crm__customer_value_issues') }}

),

issue_examples as (

    select distinct
        attribute,
        issue,
        raw_value
    from value_issues

),

issues as (

    select
        attribute,
        count(*) filter (where issue = 'unreadable') as unreadable_values,
        count(*) filter (where issue = 'out_of_range') as out_of_range_values
    from value_issues
    group by attribute

),

examples as (

    select
        attribute,
        array_to_string(
            list_slice(list(raw_value order by raw_value) filter (where issue = 'unreadable'), 1, 5), ' | '
        ) as unreadable_examples,
        array_to_string(
            list_slice(list(raw_value order by raw_value) filter (where issue = 'out_of_range'), 1, 5), ' | '
        ) as out_of_range_examples
    from issue_examples
    group by attribute

),

flag_disagreements as (

    select * from {{ ref('int_flag_disagreements') }}

)

select
    attributes.attribute,
    attributes.label_zh,
    attributes.label_en,
    attributes.role,
    selection.is_in_file,
    attribute_statistics.customers,
    attribute_statistics.known_customers,
    selection.missing_share,
    attribute_statistics.distinct_values,
    case
        when attributes.data_type != 'text' then null
        when attribute_statistics.distinct_values > 20 then 'high'
        else 'low'
    end as cardinality,
    attribute_statistics.zeros / nullif(attribute_statistics.known_customers, 0) as zero_share,
    attribute_statistics.minimum,
    attribute_statistics.maximum,
    attribute_statistics.mean,
    attribute_statistics.median,
    attribute_statistics.std_dev,
    attribute_statistics.skewness,
    attribute_statistics.skewness_log1p,
    attribute_statistics.skewness > 1 as is_right_skewed,
    coalesce(issues.unreadable_values, 0) as unreadable_values,
    examples.unreadable_examples,
    coalesce(issues.out_of_range_values, 0) as out_of_range_values,
    examples.out_of_range_examples,
    attributes.out_of_range_policy,
    coalesce(flag_disagreements.disagreeing_customers, 0) as flag_disagreements,
    coalesce(flag_disagreements.contradicted_customers, 0) as flag_contradictions,
    selection.in_feature_set_a,
    selection.reason,
    case selection.reason
        when 'clustered' then '参与聚类'
        when 'role_not_clustered' then '词典中的角色（' || attributes.role || '）不参与聚类'
        when 'not_in_file' then '文件中没有该字段'
        when 'all_unknown' then '所有客户的取值均未知'
        when 'too_many_unknown'
            then printf(
                '%.1f%% 的客户取值未知，超过上限 %.0f%%', 100 * selection.missing_share, 100 * {{ var('max_missing_share') }}
            )
        when 'constant' then '所有客户的取值相同'
    end as reason_zh,
    case selection.reason
        when 'clustered' then 'Clustered on'
        when 'role_not_clustered' then 'Its role in the dictionary (' || attributes.role || ') is not clustered on'
        when 'not_in_file' then 'The file has no such column'
        when 'all_unknown' then 'Unknown for every customer'
        when 'too_many_unknown'
            then printf(
                'Unknown for %.1f %% of the customers, over the limit of %.0f %%',
                100 * selection.missing_share,
                100 * {{ var('max_missing_share') }}
            )
        when 'constant' then 'The same for every customer'
    end as reason_en
from attributes
inner join attribute_statistics
    on attributes.attribute = attribute_statistics.attribute
inner join selection
    on attributes.attribute = selection.attribute
left join issues
    on attributes.attribute = issues.attribute
left join examples
    on attributes.attribute = examples.attribute
left join flag_disagreements
    on attributes.attribute = flag_disagreements.attribute
