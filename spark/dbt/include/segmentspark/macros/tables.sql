{#-
    dbt-spark drops a table and writes it anew. Here the new one takes the place of the old one when it is whole, so that a model that
    fails leaves the table of the last build.
-#}
{% materialization table, adapter='segmentspark', supported_languages=['sql', 'python'] %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set new_relation = make_intermediate_relation(target_relation, '__new') -%}
    {{ run_hooks(pre_hooks) }}
    {%- do adapter.drop_relation(new_relation) -%}
    {%- call statement('main', language=model['language']) -%}
        {{- create_table_as(false, new_relation, compiled_code, model['language']) -}}
    {%- endcall -%}
    {%- do adapter.drop_relation(target_relation) -%}
    {%- do adapter.rename_relation(new_relation, target_relation) -%}
    {{ run_hooks(post_hooks) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{%- macro segmentspark__create_table_as(temporary, relation, compiled_code, language='sql') -%}
    {#- A Python model is run by the adapter, which writes its table. -#}
    {%- if language == 'python' -%}
        {{- compiled_code -}}
    {%- else -%}
        {{ return(spark__create_table_as(temporary, relation, compiled_code, language)) }}
    {%- endif -%}
{%- endmacro -%}

{% macro segmentspark__persist_constraints(relation, model) %}
    {#- Parquet has none; the data tests look. -#}
{% endmacro %}
