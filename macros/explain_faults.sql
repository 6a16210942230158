{% macro explain_faults(results) %}
    {#-
        Where nodes failed because the machine had no room or no right to write: say once, in plain words, what to do. What DuckDB says
        of each node names no remedy. Needs no query: the database may not answer any more. `log` and not an error: the hooks after it
        have to run.
    -#}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'test') -%}
        {%- set messages = results | map(attribute='message') | select('string') | join('\n') -%}
        {%- set spill = env_var('DUCKDB_TEMP_DIRECTORY', target.path ~ '.tmp') -%}
        {%- set memory = 'DuckDB may take DUCKDB_MEMORY_LIMIT=' ~ env_var('DUCKDB_MEMORY_LIMIT', '80%') ~ ' of memory' -%}
        {%- set again = ' Then run the build again. What was published before stays.' -%}
        {%- set file = modules.re.search('(?:file|directory) \\\\*"([^"\\\\]+)', messages) -%}
        {%- if 'max_temp_directory_size' in messages or ('Out of Memory' in messages and 'No space left' in messages) -%}
            {%- do log(memory ~ ', and the disk of ' ~ spill ~ ' has no room for the rest: make room there, name a folder on another '
                ~ 'disk with the environment variable DUCKDB_TEMP_DIRECTORY, or raise DUCKDB_MEMORY_LIMIT.' ~ again, info=true) -%}
        {%- elif 'No space left' in messages or 'quota exceeded' in messages -%}
            {%- do log('A disk is full' ~ (': that of ' ~ file.group(1) if file else '') ~ '. Make room there. The folders of a build are '
                ~ target.path ~ ' (DBT_DUCKDB_PATH), ' ~ spill ~ ' (DUCKDB_TEMP_DIRECTORY) and that of temporary files (TMPDIR).'
                ~ again, info=true) -%}
        {%- elif 'Out of Memory' in messages or 'MemoryError' in messages -%}
            {%- do log(memory ~ ', which is too little. Raise that environment variable, or set DBT_THREADS=1, so that one model runs '
                ~ 'at a time.' ~ again, info=true) -%}
        {%- elif 'Read-only file system' in messages or 'Permission denied' in messages -%}
            {%- do log('A folder cannot be written to' ~ (': that of ' ~ file.group(1) if file else '') ~ '. Ask for the right to write '
                ~ 'there, or name another one.' ~ again, info=true) -%}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
