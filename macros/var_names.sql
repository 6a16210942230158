{% macro var_names() %}
    {#- All vars of the project: the settings, and those that say what a build reads and how it may. -#}
    {{ return(setting_names() + [
        'customer_file',
        'as_of_date',
        'force_as_of_date',
        'pseudonymize',
        'model_version',
    ]) }}
{% endmacro %}
