{% macro model_scores(method, parameters, has_tree_labels=false) -%}
    {#-
        The body of a CTE: the customers of the CTE `features` by a kept model, each with its cluster, the nearest other one and the
        list of the distances to all. parameters: what `model_parameters` gives of the model, whose method
        is given; has_tree_labels: whether the CTE `tree_labels` names the cluster, `tree_cluster`, of customers of Ward's tree, who
        stay in it, be another centroid nearer.
    -#}
    {%- set parameters_of_method = parameters | selectattr('parameter_table', 'equalto', 'ml_' ~ method ~ '_parameters') | list -%}
    {%- if method == 'kprototypes' -%}
        {%- set distances = kprototypes_distances(parameters_of_method) -%}
    {%- elif method == 'agglomerative' -%}
        {%- set distances = agglomerative_distances(parameters_of_method) -%}
    {%- elif method == 'famd_kmeans' -%}
        {%- set distances = famd_kmeans_distances(parameters_of_method) -%}
    {%- else -%}
        {%- set distances = famd_gmm_distances(parameters_of_method) -%}
    {%- endif -%}
    {%- set clusters = distances.values() | map('length') | max | default(0) %}
    with
    {%- if method.startswith('famd') %}

    coordinates as (
        {{ famd_coordinates(parameters | selectattr('parameter_table', 'equalto', 'ml_famd_parameters') | list, 'features') }}

    ),

    customers as (

        select
            customer_id,
            is_training_customer
            {%- for axis in parameters_of_method | map(attribute='axis') | reject('none') | unique %},
            coordinates[{{ axis }}] as axis_{{ axis }}
            {%- endfor %}
        from coordinates

    ),
    {%- else %}

    customers as not materialized (

        select * from features

    ),
    {%- endif %}

    for_everyone as (

        select unnest({{ distances.keys() | list }}) as segmentation_id

    ),

    {{ 'center_distances' if has_tree_labels else 'distances' }} as (
        {{ distances_by_segmentation(distances) }}

    ),
    {%- if has_tree_labels %}

    distances as (

        select
            center_distances.*,
            tree_labels.tree_cluster
        from center_distances
        left join tree_labels
            on center_distances.customer_id = tree_labels.customer_id

    ),
    {%- endif %}

    two_nearest as (
        {{ two_nearest(clusters, 'tree_cluster' if has_tree_labels) }}

    )
    {%- if method == 'famd_gmm' %},

    scores as (
        {{ mixture_scores(clusters) }}

    )
    {%- endif %}

    select
        customer_id,
        segmentation_id,
        is_training_customer,
        cluster,
        distance,
        runner_up_cluster,
        runner_up_distance,
        {%- if method == 'famd_gmm' %}
        distances,
        probabilities[cluster + 1] as probability
        {%- else %}
        [{% for c in range(clusters) %}distance_{{ c }}{{ ', ' if not loop.last }}{% endfor %}] as distances,
        cast(null as double) as probability
        {%- endif %}
    from {{ 'scores' if method == 'famd_gmm' else 'two_nearest' }}
{%- endmacro %}
