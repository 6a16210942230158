{% macro kept_relation(model) %}
    {#- The relation of a table that outlives builds; none before the first build. See `kept_rows`. -#}
    {{ return(adapter.get_relation(target.database, target.schema, model) if execute else none) }}
{% endmacro %}
