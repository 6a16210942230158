{#- Built after the segments, so that a build that stops leaves the parameters of those that stand. -#}
{%- do ref('fct_customer_segments') -%}
{%- set names = [
    'report_language',
    'value_attribute',
    'high_spend_share',
    'max_missing_share',
    'training_rows',
    'min_customers',
    'k_values',
    'planned_k',
    'final_k',
    'final_method',
    'final_k_reason',
    'score_margin',
    'max_encoded_features',
    'gamma',
    'kprototypes_engine',
    'n_init',
    'famd_axes',
    'training_rows_slow',
    'n_bootstraps',
    'n_bootstraps_slow',
    'n_references',
    'replicate_rows',
    'replicate_rows_slow',
    'min_agreement',
    'min_label_effect',
    'golden_min_precision',
    'golden_min_recall',
    'tree_depth',
    'min_tree_gain',
    'random_seed',
    'borderline_margin',
] -%}

with

parameters as (

    select * from {{ ref('ml_build_parameters') }}

)

select
    parameter,
    kind,
    parameter_order,
    label_zh,
    label_en,
    case parameter
        {%- for name in names if var(name) is not none %}
        when '{{ name }}' then {{ sql_literal(var(name)) }}
        {%- endfor %}
        else version
    end as value
from parameters
