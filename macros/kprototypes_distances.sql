{% macro kprototypes_distances(parameters) %}
    {#- For each segmentation_id the SQL of the mixed distance to each prototype, from rows of ml_kprototypes_parameters. -#}
    {%- set distances = {} -%}
    {%- for segmentation_id, model in parameters | groupby('segmentation_id') -%}
        {%- set gamma = model | selectattr('parameter', 'equalto', 'gamma') | map(attribute='value') | first -%}
        {%- do distances.update({segmentation_id: []}) -%}
        {%- for _, prototype in model | rejectattr('cluster', 'none') | groupby('cluster') -%}
            {%- do distances[segmentation_id].append(unrolled_distance(
                prototype | selectattr('parameter', 'equalto', 'center') | list,
                prototype | selectattr('parameter', 'equalto', 'mode') | list,
                gamma
            )) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(distances) }}
{% endmacro %}
