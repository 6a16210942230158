{% macro raw_export_query() -%}
    {#-
        Every column of the customer file as it came in, but for what would be a formula, for the customers that were kept,
        with the group of agglomerative_k2: 0 is the larger one. Excel reads UTF-8 only behind a byte order mark: the first
        header carries one.
        With pseudonyms, they stand for the ids, and columns that hold names or that the dictionary does not know are left out.
    -#}
    {%- set columns = relation_rows(
        model_relation('stg_crm__file_columns'),
        order_by='position',
        columns="column_name, attribute, position, " ~ spreadsheet_text("case
            when trim(coalesce(header, '')) = '' or count(*) over (partition by lower(header)) > 1 then column_name else header
        end") ~ " as header"
    ) | rejectattr('header', 'equalto', 'cluster_agg_k2') | list -%}
    {%- if var('pseudonymize') -%}
        {%- set attributes = relation_rows(model_relation('dim_attributes'), order_by='attribute', columns='attribute, role, data_type') -%}
        {%- set ids = attributes | selectattr('role', 'equalto', 'id') | map(attribute='attribute') | list -%}
        {%- set names = attributes | selectattr('role', 'equalto', 'excluded') | selectattr('data_type', 'equalto', 'text')
            | map(attribute='attribute') | list -%}
        {%- set columns = columns | selectattr('attribute') | rejectattr('attribute', 'in', names) | list -%}
    {%- endif -%}
    with

    sizes as (

        select
            cluster,
            row_number() over (order by count(*) desc, cluster asc) - 1 as cluster_agg_k2
        from {{ model_relation('fct_candidate_segments') }}
        where segmentation_id = 'agglomerative_k2'
        group by cluster

    )

    select
        {%- for column in columns %}
        {{ 'checked.customer_id' if var('pseudonymize') and column.attribute in ids
            else spreadsheet_text('file_rows.' ~ adapter.quote(column.column_name)) }}
            as "{{ ('\ufeff' if loop.first else '') ~ column.header | replace('"', '""') }}",
        {%- endfor %}
        sizes.cluster_agg_k2
    from {{ model_relation('base_crm__customers_raw') }} as file_rows
    inner join {{ model_relation('base_crm__customers_checked') }} as checked
        on file_rows._row_number = checked.row_number
    inner join {{ model_relation('fct_candidate_segments') }} as segments
        on checked.customer_id = segments.customer_id
    inner join sizes
        on segments.cluster = sizes.cluster
    where
        checked.rejection_reason is null
        and segments.segmentation_id = 'agglomerative_k2'
    order by file_rows._row_number
{%- endmacro %}
