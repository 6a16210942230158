{% macro publish_marts(results) %}
    {#-
        After a build without a failure that left marts which fit together, and made anew all of them or all that scoring makes: the
        copy for BI tools, and PostgreSQL where PUBLISH_POSTGRES_URL is set. A failure to publish is a failure of the hook, with its
        reason.
    -#}
    {%- if execute and flags.WHICH == 'build' and has_built(results, published_marts(tag='score')) and not is_build_unfinished() -%}
        {%- set call = 'select publish_marts(' ~ sql_literal(flags.TARGET_PATH or 'target') ~ ')' -%}
        {%- set message = run_query(call).rows[0][0] -%}
        {%- if message -%}
            select error({{ sql_literal(message) }})
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
