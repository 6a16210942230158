{% macro begin_build() %}
    {#- Note in the database that a build is under way, and whether the last one ended well; end_build takes the note away. -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        create or replace table crm.unfinished_build as
        select {{ is_build_unfinished() }} as was_unfinished
    {%- endif -%}
{% endmacro %}
