{% macro kept_relation(model) %}
    {#-
        A table that outlives builds as the builds before this one left it; none before the first. For models upstream of it,
        which dbt lets not ref what comes of them.
    -#}
    {{ return(adapter.get_relation(target.database, target.schema, model) if execute else none) }}
{% endmacro %}
