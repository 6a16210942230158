{% macro famd_coordinates(parameters, customers='customers') -%}
    {#-
        The body of a CTE: the coordinates of the rows of a CTE, `customers`, which has a column for every attribute that is
        clustered on, from rows of ml_famd_parameters.
    -#}
    {%- set centers, stds = {}, {} -%}
    {%- for row in parameters -%}
        {%- do centers.update({row.attribute: row.value}) if row.parameter == 'center' -%}
        {%- do stds.update({row.attribute: row.value}) if row.parameter == 'std' -%}
    {%- endfor -%}
    {%- set all_loadings = parameters | selectattr('parameter', 'equalto', 'loading') | list %}
    with

    standardised as (

        select
            *
            {%- for attribute, center in centers.items() %},
            ({{ attribute }} - {{ double_literal(center) }}) / {{ double_literal(stds[attribute]) }} as {{ attribute }}__z
            {%- endfor %}
        from {{ customers }}

    )

    -- A level that the fit has not seen has no loading and adds nothing.
    select
        customer_id,
        is_training_customer,
        [
            {%- for constant in parameters | selectattr('parameter', 'equalto', 'constant') %}
            {%- set loadings = all_loadings | selectattr('axis', 'equalto', constant.axis) | list %}
            0e0
                {%- for row in loadings if row.level is none %}
                + {{ row.attribute }}__z * {{ double_literal(row.value) }}
                {%- endfor %}
                {%- for attribute, levels in loadings | rejectattr('level', 'none') | groupby('attribute') %}
                + coalesce({{ level_value(attribute, levels) }}, 0)
                {%- endfor %}
                - {{ double_literal(constant.value) }}
                {{- ',' if not loop.last }}
            {%- endfor %}
        ] as coordinates
    from standardised
{%- endmacro %}
