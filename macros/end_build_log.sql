{% macro end_build_log(results) %}
    {#-
        Write what a build did into builds.stages: a row for every stage that has nodes, and the row `all`, for the one that
        `begin_build_log` wrote. The transaction of the hooks, begun here if it was not, is committed, so that
        what is published has the rows.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        {%- call statement('describe_build', fetch_result=true, auto_begin=true) -%}
            select describe_build({{ sql_literal(var('customer_file') or '') }}, 'seeds')
        {%- endcall -%}
        {%- set facts = fromjson(load_result('describe_build')['data'][0][0]) -%}
        {%- set built = results | selectattr('status', 'equalto', 'success') | map(attribute='node') | map(attribute='name') | list -%}
        {%- set from_start = '(epoch(now()) - ' ~ run_started_at.timestamp() ~ ')' -%}
        {%- set number = run_query("select max(build_number) from builds.stages where build_id = '" ~ invocation_id ~ "'").rows[0][0] -%}
        {%- set stages = build_stages() -%}
        {%- set rows = [] -%}
        {%- for stage, folders in stages.items() -%}
            {%- set own = [] -%}
            {%- for result in results -%}
                {%- set is_test = result.node.resource_type in ('test', 'unit_test') -%}
                {%- set is_in_folder = not is_test and folders | select('in', result.node.original_file_path) | list -%}
                {%- if is_in_folder or (is_test and stage == 'tests') -%}
                    {%- do own.append(result) -%}
                {%- endif -%}
            {%- endfor -%}
            {%- if own -%}
                {%- do rows.append(build_log_row(stage, loop.index, own, own | sum(attribute='execution_time'))) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do rows.append(build_log_row('all', stages | length + 1, results, from_start)) -%}
        delete from builds.stages where build_id = '{{ invocation_id }}';
        insert into builds.stages ({{ build_log_columns().keys() | join(', ') }})
        with stages as (
            {{ rows | join(' union all ') }}
        ),

        file_rows as (
            {% if 'rpt_file_rows' in built %}
            select
                cast(sum(file_rows) as bigint) as file_rows,
                coalesce(cast(sum(file_rows) filter (where is_kept) as bigint), 0) as kept_rows
            from {{ model_relation('rpt_file_rows') }}
            {% else %}
            select cast(null as bigint) as file_rows, cast(null as bigint) as kept_rows
            {% endif %}
        ),

        segments as (
            {% if 'fct_customer_segments' in built %}
            select
                max(as_of_date) as as_of_date,
                max(model_version) as model_version,
                cast(regexp_extract(max(segmentation_id), '[0-9]+$') as integer) as k
            from {{ model_relation('fct_customer_segments') }}
            {% else %}
            select cast(null as date) as as_of_date, cast(null as varchar) as model_version, cast(null as integer) as k
            {% endif %}
        )

        select
            '{{ invocation_id }}' as build_id,
            {{ number }} as build_number,
            stages.stage,
            stages.stage_order,
            timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}' as started_at,
            '{{ flags.WHICH }}' as command,
            {{ sql_literal(facts.code_version) }} as code_version,
            '{{ local_md5(tojson(fit_settings(), sort_keys=true)) }}' as settings_hash,
            {{ sql_literal(facts.input_file) if facts.input_file else 'null' }} as input_file,
            {{ sql_literal(facts.input_hash) if facts.input_hash else 'null' }} as input_hash,
            file_rows.file_rows,
            file_rows.kept_rows,
            stages.nodes,
            stages.seconds,
            case when stages.stage = 'all' then {{ facts.peak_memory_bytes or 'null' }} end as peak_memory_bytes,
            segments.as_of_date,
            segments.model_version,
            segments.k,
            stages.warnings,
            stages.failures,
            case when stages.failures = '' then 'success' else 'failed' end as result
        from stages
        cross join file_rows
        cross join segments;
        commit;
        begin transaction
    {%- endif -%}
{% endmacro %}
