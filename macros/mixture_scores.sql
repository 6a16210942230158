{% macro mixture_scores(most_clusters) -%}
    {#-
        The body of a CTE: the rows of the CTE `two_nearest` of mixtures, whose distances are minus the logarithms of weight times
        density, with the distances as minus the logarithm of the posterior probability, which is finite where that underflows.
    -#}
    with

    -- Logarithm of the density of all components together.
    totals as (

        select
            *,
            ln(
                {%- for c in range(most_clusters) %}
                {{ '+ ' if not loop.first }}coalesce(exp(least_distance - distance_{{ c }}), 0)
                {%- endfor %}
            ) - least_distance as log_total
        from two_nearest

    )

    select
        customer_id,
        segmentation_id,
        k,
        is_training_customer,
        cluster,
        distance + log_total as distance,
        runner_up_cluster,
        runner_up_distance + log_total as runner_up_distance,
        [
            {%- for c in range(most_clusters) %}
            exp(-(distance_{{ c }} + log_total)){{ ',' if not loop.last }}
            {%- endfor %}
        ][1:k] as probabilities,
        [{% for c in range(most_clusters) %}distance_{{ c }} + log_total{{ ', ' if not loop.last }}{% endfor %}] as distances,
        0 - least_distance as log_density
    from totals
{%- endmacro %}
