{% macro ranked_clusters(distances) -%}
    {#- Turn a list of distances by cluster into a list of clusters with their distance, nearest first, ties to the lower cluster. -#}
    list_sort(
        list_transform(
            range(1, len({{ distances }}) + 1), lambda c: {'distance': {{ distances }}[c], 'cluster': cast(c - 1 as integer)}
        )
    )
{%- endmacro %}
