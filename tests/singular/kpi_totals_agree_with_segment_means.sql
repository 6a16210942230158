-- Means, totals, counts, indices and effects of rpt_segment_kpis say the same thing.
select
    segmentation_id,
    cluster,
    attribute
from {{ ref('rpt_segment_kpis') }}
where
    abs(mean * known_customers - total) > 1e-9 * greatest(abs(total), 1)
    or abs(index_vs_overall * overall_mean - mean) > 1e-9 * greatest(abs(mean), 1)
    or sign(effect_size) != sign(v_test) and abs(effect_size) > 1e-9
