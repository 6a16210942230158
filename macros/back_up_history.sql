{% macro back_up_history(results=none) %}
    {#-
        Back up the tables that outlive builds, which no customer file can bring back, where that was not done since the last build: before
        a build that may change them, and after one that did and left marts which fit together. `segmentation restore-history` puts
        them back. results: those of the build, at its end.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') and not is_build_unfinished()
        and (results is none or has_built(results, published_marts(tag='score'))) -%}
        {%- set tables = ['builds.stages'] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.config.materialized == 'incremental' -%}
            {%- do tables.append(node.schema ~ '.' ~ node.alias) -%}
        {%- endfor -%}
        {%- set message = run_query('select back_up_history(' ~ sql_literal(tojson(tables | sort)) ~ ')').rows[0][0] -%}
        {%- if message and results is none -%}
            {{ exceptions.raise_compiler_error(message ~ ' Nothing was changed.') }}
        {%- elif message -%}
            select error({{ sql_literal(message ~ ' All else is built and published.') }})
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
