{% macro build_log_columns() %}
    {#- The columns of builds.stages and their types, in their order. -#}
    {{ return({
        'build_id': 'varchar',
        'build_number': 'integer',
        'stage': 'varchar',
        'stage_order': 'integer',
        'started_at': 'timestamp',
        'command': 'varchar',
        'code_version': 'varchar',
        'settings_hash': 'varchar',
        'input_file': 'varchar',
        'input_hash': 'varchar',
        'file_rows': 'bigint',
        'kept_rows': 'bigint',
        'nodes': 'integer',
        'seconds': 'double',
        'peak_memory_bytes': 'bigint',
        'as_of_date': 'date',
        'model_version': 'varchar',
        'k': 'integer',
        'warnings': 'integer',
        'failures': 'varchar',
        'result': 'varchar',
    }) }}
{% endmacro %}
