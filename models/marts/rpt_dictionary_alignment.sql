with

file_columns as (

    select * from {{ ref('stg_crm__file_columns') }}

),

column_types as (

    select * from {{ ref('int_file_column_types') }}

),

attributes as (

    select * from {{ ref('dim_attributes') }}
    where role != 'binned'

),

diagnostics as (

    select * from {{ ref('rpt_attribute_diagnostics') }}

),

undeclared_levels as (

    select * from {{ ref('int_undeclared_levels') }}

),

fields as (

    select
        coalesce(attributes.attribute, file_columns.column_name) as field,
        file_columns.header,
        attributes.attribute is not null as is_in_dictionary,
        file_columns.column_name is not null as is_in_file,
        attributes.derivation is not null as is_derived,
        coalesce(attributes.is_required, false) as is_required,
        attributes.label_zh,
        attributes.label_en,
        attributes.data_type as declared_type,
        column_types.found_type,
        column_types.examined_rows,
        coalesce(diagnostics.unreadable_values, 0) as unreadable_values,
        coalesce(diagnostics.out_of_range_values, 0) as out_of_range_values,
        coalesce(undeclared_levels.customers, 0) as undeclared_level_values,
        concat_ws(
            ' | ', diagnostics.unreadable_examples, diagnostics.out_of_range_examples, undeclared_levels.examples
        ) as examples
    from attributes
    full outer join file_columns
        on attributes.attribute = file_columns.attribute
    left join column_types
        on file_columns.column_name = column_types.column_name
    left join diagnostics
        on attributes.attribute = diagnostics.attribute
    left join undeclared_levels
        on attributes.attribute = undeclared_levels.attribute

)

select
    field,
    header,
    label_zh,
    label_en,
    is_in_dictionary,
    is_in_file,
    is_required,
    declared_type,
    found_type,
    examined_rows,
    unreadable_values,
    out_of_range_values,
    undeclared_level_values,
    nullif(examples, '') as examples,
    case
        when not is_in_dictionary then 'not_in_dictionary'
        when not is_in_file and is_derived then 'derived'
        when not is_in_file then 'not_in_file'
        when found_type = 'empty' then 'empty'
        when
            declared_type != 'text'
            and found_type != declared_type
            and not (declared_type = 'number' and found_type in ('integer', 'flag'))
            and not (declared_type = 'integer' and found_type = 'flag')
            then 'type_differs'
        when unreadable_values + out_of_range_values + undeclared_level_values > 0 then 'values_differ'
        else 'aligned'
    end as verdict
from fields
