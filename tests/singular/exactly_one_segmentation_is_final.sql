select count(*) as final_segmentations
from {{ ref('dim_segmentations') }}
where is_final
having count(*) != 1
