{% macro model_parameters(relation, model_version) %}
    {#- The parameters of a kept model as a list of dictionaries, ordered like those of the tables that they came from. -#}
    {{ return(relation_rows(
        relation,
        order_by='parameter_table, cluster, attribute, level, other_axis, axis',
        columns="parameter_table, segmentation_id, cluster, attribute, coalesce(attribute, 'axis_' || axis) as \"column\", level,
            axis, other_axis, encoding, transform, parameter, value",
        where='model_version = ' ~ sql_literal(model_version)
    )) }}
{% endmacro %}
