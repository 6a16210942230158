{% macro famd_gmm_distances(parameters) %}
    {#-
        For each segmentation_id the SQL of minus the logarithm of weight times density of each component, without the factor
        that all share, from rows of ml_famd_gmm_parameters.
    -#}
    {%- set distances = {} -%}
    {%- for segmentation_id, model in parameters | rejectattr('cluster', 'none') | groupby('segmentation_id') -%}
        {%- do distances.update({segmentation_id: []}) -%}
        {%- for _, component in model | groupby('cluster') -%}
            {%- set ns = namespace(means={}, whitened=[], center=0) -%}
            {%- for row in component if row.parameter == 'mean' -%}
                {%- do ns.means.update({row.axis: row.value}) -%}
            {%- endfor -%}
            {#- The columns of P, the inverse covariance being P P'. -#}
            {%- for _, weights in component | selectattr('parameter', 'equalto', 'precision_cholesky') | groupby('other_axis') -%}
                {%- set terms = [] -%}
                {%- set ns.center = 0 -%}
                {%- for row in weights -%}
                    {%- do terms.append('axis_' ~ row.axis ~ ' * ' ~ double_literal(row.value)) -%}
                    {%- set ns.center = ns.center + ns.means[row.axis] * row.value -%}
                {%- endfor -%}
                {%- do ns.whitened.append({'column': '(' ~ terms | join(' + ') ~ ')', 'value': ns.center}) -%}
            {%- endfor -%}
            {%- set weight = component | selectattr('parameter', 'equalto', 'weight') | map(attribute='value') | first -%}
            {%- set log_determinant = component | selectattr('parameter', 'equalto', 'log_determinant') | map(attribute='value') | first -%}
            {%- do distances[segmentation_id].append(
                '0.5e0 * (' ~ unrolled_distance(ns.whitened) ~ ') - ln(' ~ double_literal(weight) ~ ') - ' ~ double_literal(log_determinant)
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(distances) }}
{% endmacro %}
