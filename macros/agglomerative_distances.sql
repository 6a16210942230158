{% macro agglomerative_distances(parameters) %}
    {#-
        For each segmentation_id the SQL of the squared distance to each of Ward's centroids in one-hot features, from rows of
        ml_agglomerative_parameters.
    -#}
    {%- set distances = {} -%}
    {%- for segmentation_id, model in parameters | selectattr('parameter', 'equalto', 'center') | groupby('segmentation_id') -%}
        {%- do distances.update({segmentation_id: []}) -%}
        {%- for _, center in model | groupby('cluster') -%}
            {%- set parts = [unrolled_distance(center | selectattr('level', 'none') | list)] -%}
            {#- Of a category with shares p, 1 - 2 p(own level) + sum of p squared; the sum for an unseen level. -#}
            {%- for column, shares in center | rejectattr('level', 'none') | groupby('column') -%}
                {%- set ns = namespace(squares=0, levels=[]) -%}
                {%- for share in shares -%}
                    {%- set ns.squares = ns.squares + share.value * share.value -%}
                {%- endfor -%}
                {%- for share in shares -%}
                    {%- do ns.levels.append({'level': share.level, 'value': 1 - 2 * share.value + ns.squares}) -%}
                {%- endfor -%}
                {%- do parts.append('coalesce(' ~ level_value(column, ns.levels) ~ ', ' ~ double_literal(ns.squares) ~ ')') -%}
            {%- endfor -%}
            {%- do distances[segmentation_id].append(parts | join(' + ')) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(distances) }}
{% endmacro %}
