with

examples as (

    select * from {{ ref('rpt_segment_examples') }}
    where kind = 'typical' and example_rank <= 3

),

phrases as (

    select * from {{ ref('persona_phrases') }}

)

select
    examples.segmentation_id,
    examples.cluster,
    '代表客户' as dimension,
    examples.example_rank as position,
    phrases.phrase,
    {{ phrase_text('phrases.text_zh', {'customer': 'examples.customer_id', 'figures': 'examples.figures_zh'}) }} as text_zh,
    {{ phrase_text('phrases.text_en', {'customer': 'examples.customer_id', 'figures': 'examples.figures_en'}) }} as text_en,
    'rpt_segment_examples where kind = ''typical'' and example_rank = ' || examples.example_rank as evidence
from examples
inner join phrases
    on phrases.phrase = 'example_typical'
