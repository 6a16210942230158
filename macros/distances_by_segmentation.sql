{% macro distances_by_segmentation(distances, customers='customers') -%}
    {#-
        A row per customer and segmentation with the columns distance_0, distance_1, …, null beyond the last cluster, from the
        CTE `customers`; of segmentations that the CTE `for_everyone` does not name, the training customers alone. No join: what
        comes out of one is no longer a whole vector. distances: for each segmentation_id the SQL of the distance to each cluster.
    -#}
    {%- for segmentation_id, of_segmentation in distances.items() %}
    select
        customer_id,
        is_training_customer,
        {{ sql_literal(segmentation_id) }} as segmentation_id,
        {{ of_segmentation | length }} as k
        {%- for c in range(distances.values() | map('length') | max) %},
        {{ of_segmentation[c] if c < of_segmentation | length else 'cast(null as double)' }} as distance_{{ c }}
        {%- endfor %}
    from {{ customers }}
    where is_training_customer or {{ sql_literal(segmentation_id) }} in (select for_everyone.segmentation_id from for_everyone)
    {{- '\n    union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
