{%- set bins = seed_rows('feature_bins', order_by='feature, cast(level_order as integer)') -%}
{%- set features = dictionary(roles=['binned']) %}

with

customers as (

    select * from {{ ref('int_customer_attributes') }}

),

training_customers as (

    select customer_id from {{ ref('int_training_customers') }}

),

training_attributes as (

    select customers.*
    from customers
    inner join training_customers
        on customers.customer_id = training_customers.customer_id

),

bins as (

    select
        feature,
        level,
        cast(level_order as integer) as level_order,
        bound_type,
        cast(lower_bound as double) as declared_bound
    from {{ ref('feature_bins') }}

),

-- One row: for every feature that asks for quantiles, those of its source attribute by level; one list each, for which the
-- values are kept once. The last column keeps the query whole where no feature does.
quantiles as (

    select
        {%- for feature in features %}
        {%- set levels = bins | selectattr('feature', 'eq', feature.attribute) | selectattr('bound_type', 'eq', 'quantile') | list %}
        {%- if levels %}
        map(
            ['{{ levels | map(attribute='level') | join("', '") }}'],
            quantile_cont(cast({{ feature.derivation }} as double), [{{ levels | map(attribute='lower_bound') | join(', ') }}])
        ) as {{ feature.attribute }},
        {%- endif %}
        {%- endfor %}
        map([''], [any_value(cast(null as double))]) as _no_feature
    from training_attributes

),

quantiles_by_feature as (

    unpivot quantiles
    on columns(*)
    into name feature value bounds

)

select
    bins.feature,
    bins.level,
    bins.level_order,
    bins.bound_type,
    bins.declared_bound,
    case bins.bound_type
        when 'value' then bins.declared_bound
        when 'quantile' then quantiles_by_feature.bounds[bins.level]
    end as lower_bound
from bins
left join quantiles_by_feature
    on bins.feature = quantiles_by_feature.feature
