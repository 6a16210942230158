"""What the review sheet says in words, in Chinese and in English."""

from __future__ import annotations

from segmentation.review.evidence import Candidate, Text

READ_ME = "说明 Read me"
"""The name of the first sheet."""

UNITS: dict[str, Text] = {
    "usd": ("美元", "USD"),
    "usd_per_month": ("美元/月", "USD a month"),
    "eur": ("欧元", "EUR"),
    "eur_per_month": ("欧元/月", "EUR a month"),
    "gbp": ("英镑", "GBP"),
    "gbp_per_month": ("英镑/月", "GBP a month"),
    "cny": ("元", "CNY"),
    "cny_per_month": ("元/月", "CNY a month"),
    "count": ("个", "count"),
    "count_per_month": ("每月", "a month"),
    "days": ("天", "days"),
    "months": ("月", "months"),
    "ratio": ("倍", "times"),
    "index": ("指数", "index"),
}
STATISTICS: dict[str, Text] = {
    "median": ("中位数", "median"),
    "mean": ("均值", "mean"),
    "share": ("客户占比", "share of customers"),
}
TECHNICAL: dict[str, Text] = {
    "mean_silhouette": ("轮廓系数\n越高各群越分明", "Silhouette\nhigher is clearer"),
    "min_jaccard": (
        "稳定性 (Jaccard)\n最弱一群能找回多少",
        "Stability: the weakest\nsegment found again",
    ),
    "gap": ("Gap 统计量\n比随机数据好多少", "Gap: better than\nrandom data"),
    "cost": ("成本曲线\n是否肘点", "Cost curve\nits knee"),
}
SCALE: tuple[Text, ...] = (
    ("完全做不到", "not at all"),
    ("勉强", "hardly"),
    ("一般", "partly"),
    ("较好", "well"),
    ("非常好", "very well"),
)
"""What the scores from 1 to 5 mean."""
LEGEND: Text = (
    "蓝色＝高于全体，橙色＝低于全体，越深差得越多（高低不等于好坏）；×2 表示全体的 2 倍。"
    "黄色＝请您填写的格子。",
    "Blue is above everyone, orange below, the darker the farther (which is neither good nor bad); "
    "×2 is twice as much as everyone. Yellow cells are yours to fill in.",
)
STEPS: tuple[Text, ...] = (
    (
        "在下面的黄色格里写上您的姓名。",
        "Write your name into the yellow cell below.",
    ),
    (
        "依次打开 {sheets} 工作表：每张是把同一批客户分成 K 群的一种分法，各群并排比较。",
        "Open the sheets {sheets}: each divides the same customers into K segments, side by side.",
    ),
    (
        "看完画像，在该表底部回答 {questions} 个问题：在黄色格里打 1–5 分（可打半分，如 3.5），"
        "旁边写上理由。",
        "Then answer its {questions} questions at the bottom: score 1 to 5 in the yellow cells "
        "(halves such as 3.5 are fine), and say why beside it.",
    ),
    (
        "没把握的可以留空。“计算得分”只是机器的看法，不必迎合：打了分的标准，以业务评分的均值为准。",
        "Leave blank what you cannot judge. The computed score is only the machine's view, no need "
        "to agree: where people score, their mean takes its place.",
    ),
    (
        "保存为 .xlsx，把文件发回给分析师。请不要改工作表名称，也不要插入、删除或移动行列。",
        "Save as .xlsx and send the file back to the analyst. Please do not rename sheets, nor "
        "insert, delete or move rows or columns.",
    ),
)


def in_short(candidate: Candidate) -> list[Text]:
    """Say in a few words what became of a segmentation."""
    parts: list[Text] = []
    if candidate.is_computed_choice:
        parts.append(("★ 双肘检验选定", "★ chosen by the double elbow"))
    if candidate.is_final and not candidate.is_computed_choice:
        parts.append(("● 人工指定，目前采用", "● in use, decided by a person"))
    if not candidate.is_supported:
        reason = candidate.unsupported
        parts.append((f"⚠ 不宜采用：{reason[0]}", f"⚠ not to be relied upon: {reason[1]}"))
    if not candidate.is_main_method:
        parts.append((f"方法 {candidate.method}", f"method {candidate.method}"))
    return parts


def technical_verdict(candidate: Candidate, criterion: str) -> Text:
    """Say what a criterion of the data science elbow finds; of a cost only whether it is a knee."""
    finding = candidate.findings.get(criterion)
    if finding is None or finding.value is None:
        return "", ""
    number = {"cost": "", "min_jaccard": f"{finding.value:.0%} "}.get(
        criterion, f"{finding.value:.2f} "
    )
    return f"{number}{finding.verdict[0]}".strip(), f"{number}{finding.verdict[1]}".strip()
