{% macro stop_when_date_is_wrong() %}
    {#-
        Stop the build when the snapshot lies before the latest that was built, or in the future, and no one has said that it is meant
        so: a history in a wrong order cannot be put right.
    -#}
    {%- if execute and not var('force_as_of_date') -%}
        {%- set history = kept_relation('fct_segment_history') -%}
        {%- set today = run_started_at.astimezone().strftime('%Y-%m-%d') -%}
        {%- set call -%}
            with

            snapshot as (

                select {{ as_of_date('(select * from ' ~ this ~ ' where rejection_reason is null)') }} as as_of_date

            )

            select
                cast(as_of_date as varchar),
                as_of_date > date '{{ today }}',
                {{ '(select cast(max(as_of_date) as varchar) from ' ~ history ~ ')' if history else 'cast(null as varchar)' }}
            from snapshot
        {%- endset -%}
        {%- set found = run_query(call).rows[0] -%}
        {%- set shown = found[0] ~ (', today by the clock of this machine' if found[0] == today and not var('as_of_date') else '') -%}
        {%- set remedy = 'Set the clock right, correct the var as_of_date or the file\'s column snapshot_date, or, if it is meant so, build with '
            ~ '--vars \'force_as_of_date: true\'. Nothing was changed.' -%}
        {%- if found[1] -%}
            {{ exceptions.raise_compiler_error('The snapshot is of ' ~ shown ~ ', which is after today, ' ~ today ~ '. ' ~ remedy) }}
        {%- elif found[2] is not none and found[0] < found[2] -%}
            {{ exceptions.raise_compiler_error(
                'The snapshot is of ' ~ shown ~ ', but the history already goes to ' ~ found[2] ~ '. ' ~ remedy
            ) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
