{% macro end_build(results) %}
    {#-
        Take away the note of begin_build where the marts fit together: nothing failed, and either all of them were made anew
        or they fitted before. `segmentation publish` refuses a database with the note.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') and has_built(results, []) -%}
        {%- set was_unfinished = run_query('select was_unfinished from crm.unfinished_build').rows[0][0] -%}
        {%- if not was_unfinished or has_built(results, published_marts()) -%}
            drop table crm.unfinished_build
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
