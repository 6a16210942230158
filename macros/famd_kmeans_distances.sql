{% macro famd_kmeans_distances(parameters) %}
    {#- For each segmentation_id the SQL of the squared distance to each centre, from rows of ml_famd_kmeans_parameters. -#}
    {%- set distances = {} -%}
    {%- for segmentation_id, model in parameters | selectattr('parameter', 'equalto', 'center') | groupby('segmentation_id') -%}
        {%- do distances.update({segmentation_id: []}) -%}
        {%- for _, center in model | groupby('cluster') -%}
            {%- do distances[segmentation_id].append(unrolled_distance(center)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(distances) }}
{% endmacro %}
