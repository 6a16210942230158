"""Raw values of the synthetic customer file: categories, media, regions, parts of invented names.

Labels and orders of these values for people to read are in ``seeds/attribute_levels.csv``; a test
holds the two together.
"""

from __future__ import annotations

from typing import Final

# Columns of the file, in order.
COLUMNS: Final = (
    "corporation_id",
    "corporation_name",
    "total_account_count",
    "month_avg_account_count",
    "total_ad_count",
    "month_avg_ad_count",
    "total_campaign_count",
    "month_avg_campaign_count",
    "corporation_size",
    "corporation_promotion_channel_second",
    "business_background",
    "ads_team_size",
    "onboarding_intent_tier",
    "month_avg_topup_amt",
    "month_avg_topup_cnt",
    "month_avg_spendaccount_num",
    "spendacc2applyopen_ratio",
    "month_avg_spend_amt",
    "first_30d_topup_amt",
    "first_7d_spend_usd",
    "d8_to_d30_spend_usd",
    "d31_to_d60_spend_usd",
    "d61_to_d90_spend_usd",
    "d91_plus_spend_usd",
    "last_7d_spend_usd",
    "last_d8_to_d30_spend_usd",
    "last_d31_to_d60_spend_usd",
    "last_d61_to_d90_spend_usd",
    "last_d91_plus_spend_usd",
    "max_month_spendbyfirst_month_spend",
    "max_month_spendbylast_month_spend",
    "month_std2avg",
    "value_concentration_index",
    "financial_runway_months",
    "ratio_avg_daily_spend_max_to_first",
    "ratio_avg_daily_spend_max_to_last",
    "value_concentration_index_daily",
    "days_since_last_spend",
    "fb_spend_by_full_spend_ratio",
    "tt_spend_by_full_spend_ratio",
    "gg_spend_by_full_spend_ratio",
    "fb_tt_gg_spend_by_full_spend_ratio",
    "top_l2_category",
    "top_l3_category",
    "top_l2_and_l3_concatenated",
    "top_l2_l3_combined",
    "is_concatenated_equal_to_combined",
    "avg_monthly_active_days",
    "avg_monthly_event_count",
    "avg_monthly_distinct_l3_count",
    "avg_monthly_distinct_l4_count",
    "top_l3_category_feature",
    "top_l4_category_feature",
    "core_feature_adoption_flag",
    "month_avg_country_count",
    "month_avg_continent_count",
    "month_avg_custom_region_count",
    "top_custom_region_all",
    "top_custom_region_fb",
    "top_custom_region_tt",
    "top_custom_region_gg",
    "top_custom_region_spend_ratio",
    "is_core_category_clothing",
    "is_core_category_accessories",
    "is_core_category_beauty",
    "is_core_category_electronics",
    "core_category_count",
    "has_high_risk_flag_real_money",
    "has_high_risk_flag_counterfeit",
    "has_high_risk_flag_cheat",
    "has_high_risk_flag_gambling",
    "consumed_level2_category_count",
    "consumed_level3_category_count",
    "main_media",
    "channel_count",
    "main_regions",
)

# Second-level category: its third-level categories.
SUBCATEGORIES: Final = {
    "服装": ("女装", "男装", "内衣家居服", "童装"),
    "美妆个护": ("彩妆", "护肤", "美发假发", "个护电器"),
    "消费电子": ("手机配件", "音频设备", "智能穿戴", "储能电源"),
    "饰品/配饰": ("珠宝首饰", "腕表", "眼镜", "帽子围巾"),
    "鞋靴箱包": ("运动鞋", "时装鞋", "奢侈品箱包", "旅行箱包"),
    "家居用品": ("家纺", "厨房用品", "灯具照明", "家具"),
    "家用电器": ("清洁电器", "厨房电器", "环境电器", "安防家电"),
    "宠物用品": ("宠物食品", "宠物玩具", "宠物智能设备", "宠物护理"),
    "兴趣娱乐": ("乐器", "收藏周边", "手工DIY", "派对用品"),
    "办公教育用品": ("文具", "办公设备", "在线课程", "益智教具"),
    "专业设备": ("工业机械", "3D打印", "仪器仪表", "医疗器械"),
    "母婴玩具": ("婴儿用品", "玩具", "孕产用品", "儿童出行"),
    "运动户外": ("健身器材", "露营装备", "骑行装备", "水上运动"),
    "汽摩配件": ("汽车配件", "摩托配件", "车载电子", "汽车养护"),
    "食品饮料": ("零食", "茶与咖啡", "酒水饮料"),
    "健康保健": ("营养补充剂", "减肥产品", "按摩理疗"),
    "园艺工具": ("园艺用品", "五金工具", "户外照明"),
    "重度": ("角色扮演", "策略SLG", "射击竞技", "卡牌对战"),
    "中度": ("模拟经营", "社交棋牌", "真金棋牌", "捕鱼"),
    "轻度": ("休闲益智", "三消", "超休闲", "放置养成"),
    "工具应用": ("清理加速", "影像编辑", "VPN网络", "效率办公"),
    "社交应用": ("交友约会", "直播语聊", "即时通讯", "社区论坛"),
    "短剧小说": ("短剧", "网络小说", "漫画", "有声内容"),
    "电商平台": ("综合电商", "垂直电商", "返利导购", "二手交易"),
    "金融服务": ("网络借贷", "投资交易", "支付钱包"),
    "博彩": ("体育竞猜", "真人娱乐场", "线上老虎机", "彩票"),
}

# Third-level categories in which violations of a kind are common.
RISK_PRONE: Final = {
    "real_money": ("真金棋牌", "捕鱼", "真人娱乐场", "线上老虎机"),
    "counterfeit": ("奢侈品箱包", "腕表", "运动鞋"),
    "cheat": ("清理加速", "减肥产品", "网络借贷", "投资交易"),
}

# Region: its countries, the largest market first.
COUNTRIES: Final = {
    "北美": ("美国", "加拿大", "墨西哥"),
    "南美": ("巴西", "阿根廷", "智利", "哥伦比亚", "秘鲁"),
    "西欧": ("英国", "德国", "法国", "意大利", "西班牙", "荷兰", "比利时", "瑞士"),
    "东南亚": ("印度尼西亚", "泰国", "越南", "菲律宾", "马来西亚", "新加坡"),
    "日韩": ("日本", "韩国"),
    "港澳台": ("中国香港", "中国澳门", "中国台湾"),
    "中东": ("沙特阿拉伯", "阿联酋", "科威特", "卡塔尔", "以色列"),
    "非洲": ("尼日利亚", "南非", "肯尼亚", "埃及", "摩洛哥"),
    "大洋洲": ("澳大利亚", "新西兰"),
    "其他亚洲地区": ("印度", "巴基斯坦", "孟加拉国", "哈萨克斯坦"),
    "南极洲": ("南极洲",),
}

MEDIA: Final = (
    "Facebook",
    "Google",
    "TikTok",
    "Mintegral",
    "AppLovin",
    "Unity",
    "Bing",
    "Twitter",
    "Snapchat",
    "Pinterest",
    "Kwai",
    "Taboola",
    "Outbrain",
    "Criteo",
    "Yandex",
    "Petal",
)

SOURCES: Final = (
    "其他",
    "BD",
    "自然流量",
    "市场_历史活动",
    "SP",
    "SEO",
    "SEM",
    "老客转介绍",
    "代理商推荐",
    "线下展会",
    "社群运营",
    "内容营销",
    "电话销售",
    "媒体官方推荐",
    "信息流广告",
)

BACKGROUNDS: Final = (
    "跨境电商卖家",
    "品牌方",
    "工厂/制造商",
    "应用开发者",
    "代理商/服务商",
)

TEAM_SIZES: Final = (
    "1-5人",
    "6-10人",
    "11-20人",
    "21-50人",
    "50人以上",
)

LAUNCH_TIERS: Final = (
    "90日以上启动投放",
    "90日内启动投放",
    "60日内启动投放",
    "30日内启动投放",
    "15日内启动投放",
    "历史老客",
)

SIZES: Final = (
    "SMB",
    "PA",
    "KA",
)

# Platform feature, third level: its fourth-level features.
PLATFORM_FEATURES: Final = {
    "账户管理": ("开户申请", "账户列表"),
    "充值转款": ("账户充值", "余额转款"),
    "数据报表": ("消耗日报", "渠道对比"),
    "广告创建": ("批量建广告", "广告复制"),
    "素材工具": ("素材库", "视频剪辑"),
    "财务对账": ("账单下载", "发票申请"),
    "受众洞察": ("人群分析", "竞品观察"),
    "自动规则": ("预算规则", "预警通知"),
}

# Parts of company names. Any likeness to a real company is chance.
_PLACES: Final = (
    "深圳市",
    "广州市",
    "杭州市",
    "宁波市",
    "义乌市",
    "厦门市",
    "泉州市",
    "东莞市",
    "苏州市",
    "上海",
    "北京",
    "成都市",
    "武汉市",
    "长沙市",
    "香港",
)

_FIRST: Final = (
    "云",
    "星",
    "海",
    "蓝",
    "晨",
    "瑞",
    "恒",
    "嘉",
    "启",
    "明",
    "远",
    "泽",
    "盛",
    "锦",
    "鸿",
    "凌",
    "宏",
    "景",
    "逸",
    "康",
    "卓",
    "朗",
    "森",
    "沐",
    "禾",
    "曜",
    "澜",
    "霁",
)

_SECOND: Final = (
    "帆",
    "途",
    "图",
    "维",
    "朵",
    "岚",
    "芯",
    "驰",
    "拓",
    "语",
    "谷",
    "桥",
    "锋",
    "舟",
    "翎",
    "源",
    "汇",
    "达",
    "隆",
    "辰",
    "格",
    "尚",
    "彩",
    "诺",
    "安",
    "川",
    "野",
)

_THIRD: Final = (
    "",
    "",
    "里",
    "纳",
    "特",
    "可",
    "宜",
    "乐",
)

_TRADES: Final = (
    "电子商务",
    "科技",
    "贸易",
    "网络科技",
    "服饰",
    "家居用品",
    "智能科技",
    "文化传媒",
    "进出口",
    "信息技术",
    "国际贸易",
    "电子",
)

_FORMS: Final = (
    "有限公司",
    "有限责任公司",
    "股份有限公司",
)
COMPANY_NAME_PARTS: Final = (_PLACES, _FIRST, _SECOND, _THIRD, _TRADES, _FORMS)
