{% macro two_nearest(clusters, given_cluster=none) -%}
    {#-
        The body of a CTE: the rows of the CTE `distances`, which has the columns distance_0, distance_1, …, null beyond a
        segmentation's last cluster, with each customer's cluster and the nearest other one, ties to the lower, and their
        distances. given_cluster: SQL of the cluster of those who are not simply in the nearest; null for the rest.
    -#}
    with

    least_distances as (

        select
            *,
            least({% for c in range(clusters) %}distance_{{ c }}{{ ', ' if not loop.last }}{% endfor %}) as least_distance
        from distances

    ),

    clusters as (

        select
            *,
            {{ 'coalesce(' ~ given_cluster ~ ', ' if given_cluster }}case least_distance
                {%- for c in range(clusters) %}
                when distance_{{ c }} then {{ c }}
                {%- endfor %}
            end{{ ')' if given_cluster }} as cluster
        from least_distances

    ),

    runner_up_distances as (

        select
            *,
            {%- if given_cluster %}
            case cluster
                {%- for c in range(clusters) %}
                when {{ c }} then distance_{{ c }}
                {%- endfor %}
            end as distance,
            {%- else %}
            least_distance as distance,
            {%- endif %}
            least(
                {%- for c in range(clusters) %}
                case when cluster != {{ c }} then distance_{{ c }} end{{ ',' if not loop.last }}
                {%- endfor %}
            ) as runner_up_distance
        from clusters

    )

    select
        *,
        case
            {%- for c in range(clusters) %}
            when distance_{{ c }} = runner_up_distance and cluster != {{ c }} then {{ c }}
            {%- endfor %}
        end as runner_up_cluster
    from runner_up_distances
{%- endmacro %}
