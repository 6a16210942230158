{% macro begin_build_log() %}
    {#-
        Note that a build has begun, in a table that no build ever drops. A build that is killed leaves the row as it is here:
        unfinished. `end_build_log` writes the others.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run') -%}
        create schema if not exists builds;
        create table if not exists builds.stages (
            {%- for name, type in build_log_columns().items() %}
            {{ name }} {{ type }}{{ ',' if not loop.last }}
            {%- endfor %}
        );
        alter table builds.stages add column if not exists build_number integer;
        insert into builds.stages (build_id, build_number, stage, stage_order, started_at, command, settings_hash, result)
        select
            '{{ invocation_id }}',
            (select coalesce(max(build_number), 0) + 1 from builds.stages),
            'all',
            {{ build_stages().keys() | list | length + 1 }},
            timestamp '{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S") }}',
            '{{ flags.WHICH }}',
            '{{ local_md5(tojson(fit_settings(), sort_keys=true)) }}',
            'unfinished'
    {%- endif -%}
{% endmacro %}
