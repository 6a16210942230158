{% macro distribution_counts(customers, ranges) -%}
    {#-
        The body of a CTE: how many customers are in each bin of a number or have each level, from two CTEs: `customers`, a column an
        attribute, and `ranges`, with lower_bound and upper_bound of each bin from 1, null where it has none. In bin 0 is who
        is unknown of a number, and in bin 1 who is known where there are no ranges; the level of who is unknown of a category is unknown.
    -#}
    {%- set attributes = dictionary(roles=['performance', 'ordinal', 'nominal', 'high_cardinality', 'flag']) -%}
    {%- set numbers = attributes | selectattr('role', 'equalto', 'performance') | list %}
    with

    -- The last column keeps the query whole where the dictionary has no number, or no category; nulls give no rows.
    numbers as (

        unpivot (
            select
                {%- for attribute in numbers %}
                coalesce(cast({{ attribute.attribute }} as double), 'nan'::double) as {{ attribute.attribute }},
                {%- endfor %}
                cast(null as double) as no_attribute
            from {{ customers }}
        )
        on columns(*)
        into name attribute value number

    ),

    levels as (

        unpivot (
            select
                {%- for attribute in attributes if attribute not in numbers %}
                coalesce(cast({{ attribute.attribute }} as varchar), 'unknown') as {{ attribute.attribute }},
                {%- endfor %}
                cast(null as varchar) as no_attribute
            from {{ customers }}
        )
        on columns(*)
        into name attribute value level

    )

    select
        numbers.attribute,
        coalesce(ranges.bin, cast(not isnan(numbers.number) as integer)) as bin,
        cast(null as varchar) as level,
        count(*) as customers
    from numbers
    left join {{ ranges }} as ranges
        on
            numbers.attribute = ranges.attribute
            and not isnan(numbers.number)
            and numbers.number >= coalesce(ranges.lower_bound, '-infinity'::double)
            and (ranges.upper_bound is null or numbers.number < ranges.upper_bound)
    group by numbers.attribute, coalesce(ranges.bin, cast(not isnan(numbers.number) as integer))
    union all
    select
        attribute,
        cast(null as integer) as bin,
        level,
        count(*) as customers
    from levels
    group by attribute, level
{%- endmacro %}
