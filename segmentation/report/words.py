"""Names that the marts give as keys, and the glossary."""

from __future__ import annotations

from segmentation.report.formats import Text

METHODS: dict[str, Text] = {
    "kprototypes": Text("K-Prototypes", "K-Prototypes"),
    "famd_kmeans": Text("FAMD + K-Means", "FAMD + K-Means"),
    "famd_gmm": Text("FAMD + 高斯混合", "FAMD + Gaussian mixture"),
    "agglomerative": Text("层次聚类 (Ward)", "Agglomerative (Ward)"),
}
THEMES = (
    "spending_power",
    "activity",
    "loyalty",
    "scale",
    "breadth",
    "category",
    "channel",
    "region",
    "background",
    "risk",
)
"""In the order in which the report goes through them; their names are in the marts."""

CRITERIA: dict[str, Text] = {
    "distinctiveness": Text("差异性", "Distinctiveness"),
    "uniqueness": Text("独特性", "Uniqueness"),
    "actionability": Text("可行动性", "Actionability"),
    "explainability": Text("可解释性", "Explainability"),
    "smallest_segment": Text("最小客群占比", "Smallest segment"),
}
STABILITY: dict[str, Text] = {
    "highly stable": Text("高度稳定", "highly stable"),
    "stable": Text("稳定", "stable"),
    "doubtful": Text("存疑", "doubtful"),
    "not to be trusted": Text("不可信", "not to be trusted"),
}
TRUSTED = ("highly stable", "stable")
UNITS: dict[str, Text] = {
    "usd": Text("美元", "USD"),
    "usd_per_month": Text("美元/月", "USD/month"),
    "eur": Text("欧元", "EUR"),
    "eur_per_month": Text("欧元/月", "EUR/month"),
    "gbp": Text("英镑", "GBP"),
    "gbp_per_month": Text("英镑/月", "GBP/month"),
    "cny": Text("元", "CNY"),
    "cny_per_month": Text("元/月", "CNY/month"),
    "count": Text("个", "count"),
    "count_per_month": Text("个/月", "per month"),
    "days": Text("天", "days"),
    "months": Text("月", "months"),
    "ratio": Text("比值", "ratio"),
    "index": Text("指数", "index"),
    "flag": Text("占比", "share"),
}
ROLES: dict[str, Text] = {
    "id": Text("客户编号", "id"),
    "performance": Text("表现", "performance"),
    "ordinal": Text("有序类别", "ordinal"),
    "nominal": Text("类别", "nominal"),
    "high_cardinality": Text("高基数类别", "high cardinality"),
    "flag": Text("标记", "flag"),
    "binned": Text("分档", "binned"),
    "profile_only": Text("仅用于画像", "profile only"),
    "excluded": Text("不使用", "excluded"),
}
OUTCOMES: dict[str, Text] = {
    "kept": Text("保留", "Kept"),
    "duplicate_id": Text("编号重复", "Same id twice"),
    "missing_id": Text("没有编号", "No id"),
    "summary_row": Text("汇总行", "Summary row"),
    "unreadable_row": Text("无法读取的行", "Row that cannot be read"),
    "out_of_range": Text("数值超出有效范围", "Value out of range"),
}
VERDICTS: dict[str, Text] = {
    "not_in_dictionary": Text("词典中没有", "not in the dictionary"),
    "not_in_file": Text("文件中没有", "not in the file"),
    "values_differ": Text("取值不符", "values differ"),
    "type_differs": Text("类型不符", "type differs"),
    "empty": Text("全部为空", "empty"),
}
MOVED_BY: dict[str, Text] = {
    "customer": Text("客户自身变化", "the customer changed"),
    "model": Text("只因模型更新", "only the model changed"),
    "left": Text("不在客户文件中了", "no longer in the file"),
}
MOVEMENTS: dict[str, Text] = {
    "stayed": Text("留下", "stayed"),
    "moved": Text("换群", "moved"),
    "entered": Text("新来", "new"),
    "left": Text("离开", "left"),
}
EVENTS: dict[str, Text] = {
    "survived": Text("延续", "survived"),
    "split": Text("拆分", "split"),
    "absorbed": Text("并入", "absorbed"),
    "born": Text("新生", "born"),
    "retired": Text("消失", "retired"),
}
GLOSSARY: tuple[tuple[Text, Text], ...] = (
    (
        Text("K", "K"),
        Text("客群的个数。", "The number of segments."),
    ),
    (
        Text("效应量", "Effect size"),
        Text(
            "该群均值与全体均值之差，以全体的标准差为单位；偏态的金额先取 log(1+x)。"
            "0.2 算小，0.5 算中，0.8 以上算大。",
            "The mean of a segment minus that of everyone, in standard deviations of everyone; of "
            "skewed amounts on the scale log(1+x). 0.2 is small, 0.5 medium, 0.8 and more large.",
        ),
    ),
    (
        Text("中位数", "Median"),
        Text(
            "一半客户高于它，一半低于它；少数极大的客户不会拉高它。",
            "Half of the customers are above it, half below; a few giants do not move it.",
        ),
    ),
    (
        Text("倍数 (lift)", "Lift"),
        Text(
            "该群的占比除以全体的占比：2 表示是全体的两倍。",
            "The share in the segment over the share in everyone: 2 is twice as common.",
        ),
    ),
    (
        Text("能力五边形", "Pentagon of abilities"),
        Text(
            "每个维度是该主题下参与聚类的各指标（按好的方向）效应量的均值，用正态分布换算成 "
            "0–100 分：平均客户为 50，好一个标准差为 84，差一个为 16。"
            "经营广度由品类数、区域数等指标组成。",
            "Each axis is the mean effect size, in the good direction, of the clustered attributes "
            "of a theme, put on 0 to 100 by the normal distribution: the average customer is at "
            "50, one standard deviation better at 84, one worse at 16. Breadth is made of the "
            "numbers of categories, regions and the like.",
        ),
    ),
    (
        Text("稳定性 (Jaccard)", "Stability (Jaccard)"),
        Text(
            "重新抽取客户、重新聚类后，该群还能找回多少（自助抽样的平均 Jaccard 系数）。"
            "0.75 以上为稳定，0.6 以下不可信。",
            "How much of a segment is found again when customers are drawn anew and clustered "
            "again (mean Jaccard index over bootstraps). From 0.75 it is stable, below 0.6 not to "
            "be trusted.",
        ),
    ),
    (
        Text("轮廓系数", "Silhouette"),
        Text(
            "客户与本群相比邻群更近多少，−1 到 1；越高各群越分明。",
            "How much nearer a customer is to its own segment than to the next, from −1 to 1; the "
            "higher, the clearer the segments.",
        ),
    ),
    (
        Text("轮廓均匀度", "Evenness of silhouettes"),
        Text(
            "各群平均轮廓系数的最小值除以最大值；有负值时为 0。",
            "The lowest mean silhouette of a segment over the highest; 0 where one is negative.",
        ),
    ),
    (
        Text("Gap 统计量", "Gap statistic"),
        Text(
            "聚类比在没有结构的参照数据上好多少。选满足 Gap(k) ≥ Gap(k+1) − s(k+1) 的最小 k。",
            "How much better the clustering is than on reference data without structure. Chosen is "
            "the smallest k with Gap(k) ≥ Gap(k+1) − s(k+1).",
        ),
    ),
    (
        Text("成本", "Cost"),
        Text(
            "客户到本群中心的混合距离平方和；曲线不再明显下降处是肘点。",
            "The sum of squared mixed distances of customers to the centre of their segment; where "
            "the curve stops falling fast is its knee.",
        ),
    ),
    (
        Text("FAMD", "FAMD"),
        Text(
            "混合数据的因子分析：把数值与类别一起压缩到少数几个轴上。",
            "Factor analysis of mixed data: numbers and categories together on a few axes.",
        ),
    ),
    (
        Text("黄金规则", "Golden rule"),
        Text(
            "用几个分箱后的特征即可认出该群的规则；准确率是符合规则的客户中属于该群的比例，"
            "覆盖率是该群客户中符合规则的比例。",
            "A rule on a few binned features by which a segment is known. Precision is the share "
            "of those who fulfil it that belong to the segment, recall the share of the segment "
            "that fulfils it.",
        ),
    ),
    (
        Text("边界客户", "Borderline customer"),
        Text(
            "离第二近的群几乎同样近的客户。",
            "A customer almost as near to the second nearest segment.",
        ),
    ),
    (
        Text("偏度", "Skewness"),
        Text(
            "分布的不对称程度；0 为对称，大于 1 为明显右偏。",
            "How lopsided a distribution is; 0 is symmetric, above 1 clearly skewed to the right.",
        ),
    ),
    (
        Text("调整兰德指数", "Adjusted Rand index"),
        Text(
            "两种分群的一致程度：1 完全相同，0 与随机无异。",
            "How far two segmentations agree: 1 the same, 0 no more than chance.",
        ),
    ),
    (
        Text("客户变化与模型变化", "Moved by the customer, moved by the model"),
        Text(
            "用旧模型给新数据打分：若旧模型也把客户分到别的群，是客户自身变了；否则只是新模型的"
            "界线变了。",
            "The old model is given the new data. If it too puts the customer elsewhere, the "
            "customer has changed; if not, only the border of the new model has.",
        ),
    ),
    (
        Text("PSI（群体稳定性指数）", "PSI (population stability index)"),
        Text(
            "现在的分布与模型拟合时相差多少：0.1 以下为稳定，0.25 以上为明显偏移。",
            "How far a distribution is from that at the fit: below 0.1 it is stable, from 0.25 on "
            "it has clearly drifted.",
        ),
    ),
)


def theme_place(theme: str | None) -> int:
    """Give the position of a theme in the order of the report; unknown ones come last."""
    return THEMES.index(theme) if theme in THEMES else len(THEMES)


def name_of(names: dict[str, Text], key: str) -> Text:
    """Give the name of a key; a key that has none is its own."""
    return names.get(key, Text(key, key))
