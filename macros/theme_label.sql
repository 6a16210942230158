{% macro theme_label(theme, language) -%}
    {#- What readers call a KPI theme, or breadth, the axis of the pentagon that is of none: the one place of these names. -#}
    {%- set labels = {
        'spending_power': {'zh': '消费能力', 'en': 'Spending power'},
        'activity': {'zh': '活跃度', 'en': 'Activity'},
        'loyalty': {'zh': '忠诚与稳定', 'en': 'Loyalty and steadiness'},
        'scale': {'zh': '业务规模', 'en': 'Scale'},
        'breadth': {'zh': '经营广度', 'en': 'Breadth'},
        'category': {'zh': '品类', 'en': 'Categories'},
        'channel': {'zh': '媒体渠道', 'en': 'Media'},
        'region': {'zh': '投放区域', 'en': 'Regions'},
        'background': {'zh': '客户背景', 'en': 'Background'},
        'risk': {'zh': '风险', 'en': 'Risk'},
    } -%}
    case {{ theme }}
        {%- for name, label in labels.items() %}
        when '{{ name }}' then '{{ label[language] }}'
        {%- endfor %}
    end
{%- endmacro %}
