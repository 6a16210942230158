with

sweep as (

    select * from {{ ref('ml_gamma_sweep') }}

),

attributes as (

    select * from {{ ref('data_dictionary') }}

)

select
    sweep.k,
    sweep.customers,
    sweep.replicates,
    sweep.multiple,
    sweep.gamma,
    sweep.criterion,
    sweep.attribute,
    attributes.label_zh as attribute_zh,
    attributes.label_en as attribute_en,
    sweep.value,
    sweep.std_error,
    sweep.criterion = 'cost_share' and sweep.value > 0.5 as is_warning,
    sweep.verdict,
    sweep.verdict_zh
from sweep
left join attributes
    on sweep.attribute = attributes.attribute
