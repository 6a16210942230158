"""A small, valid set of seeds, for the tests of the dictionary tools."""

from __future__ import annotations

from pathlib import Path

SEEDS = {
    "data_dictionary.csv": """\
attribute,aliases,label_zh,label_en,definition_zh,definition_en,data_type,role,transform,theme,\
direction,unit,is_required,missing_policy,missing_tokens,valid_min,valid_max,\
out_of_range_policy,derivation
customer_id,cust_no|客户编号,客户,Customer,编号。,"The customer's id, as text.",text,id,none,,\
neutral,,true,none,,,,,
spend,,月均消耗,Monthly spend,总消耗除以月数。,"Spend ""net"" of credits.",number,performance,\
log1p,spending_power,higher_is_better,usd_per_month,true,median,,0,,reject,
balance,,余额,Balance,,,number,performance,signed_log1p,spending_power,higher_is_better,usd,false,\
median,infinity|999,-1e6,1e6,clip,
months,,月数,Months,,,integer,performance,none,loyalty,higher_is_better,months,false,zero,,0,,\
set_null,
runway,,续航,Runway,,,number,profile_only,none,,higher_is_better,months,false,none,,,,,\
"balance / nullif(spend, 0)"
size,,规模,Size,,,text,ordinal,none,scale,neutral,,false,median,,,,,
category,,类目,Category,,,text,nominal,none,category,neutral,,true,unknown_level,,,,,
is_fashion,,时尚,Fashion,,,flag,flag,none,category,neutral,flag,true,zero,,,,,
spend_level,,消耗档,Spend level,,,text,binned,none,spending_power,neutral,,false,none,,,,,spend
""",
    "attribute_levels.csv": """\
attribute,level,level_order,label_zh,label_en
size,SMB,1,中小客户,Small
size,KA,2,大客户,"Large, key"
category,服装,1,服装,Clothing
category,美妆,1,美妆,Beauty
""",
    "feature_bins.csv": """\
feature,level,level_order,label_zh,label_en,bound_type,lower_bound
spend_level,low,1,低,Low,lowest,
spend_level,mid,2,中,Mid,quantile,0.5
spend_level,high,3,高,High,quantile,0.80
""",
    "category_flags.csv": """\
flag,attribute,level
is_fashion,category,服装
""",
    "segment_traits.csv": """\
slot,attribute,level,min_effect,max_effect,min_share,min_lift,phrase_zh,phrase_en
tier,value_attribute,,0.4,,,,高价值,High-value
tier,value_attribute,,,0.4,,,低价值,Low-value
behaviour,months,,0.4,,,,长期,long-standing
core,value_attribute,,,,0.5,2,核心,core
lifecycle,months,,,-0.4,,,新,new
lifecycle,size,SMB,,,0.5,1.2,新,new
level,category,美妆,,,,,美妆店,beauty shop
""",
    "segment_names.csv": """\
segmentation_id,segment_id,name_zh,name_en,reason
kprototypes_k5,S01,金主,Patrons,
kprototypes_k5,S02,新秀,"Rising, young",销售部命名
""",
    "theme_indicators.csv": """\
theme,attribute,except_attribute,except_level
spending_power,spend,,
spending_power,balance,,
loyalty,months,size,SMB
""",
    "selection_criteria.csv": """\
criterion,label_zh,label_en,question_zh,question_en,knock_out_below,worst_value,best_value,weight
smallest_segment,最小客群,Smallest segment,,,0.02,,,0
distinctiveness,差异性,Distinctiveness,差异够大吗？,Do they differ?,,0.1,0.8,0.3
uniqueness,独特性,Uniqueness,有新发现吗？,Is one new?,,0.2,1.2,0.2
actionability,可行动性,Actionability,打法不同吗？,"Are they treated differently, each?",,0.4,1,0.3
explainability,可解释性,Explainability,说得清吗？,Can it be said?,0.5,0.5,0.95,0.2
""",
    "playbooks.csv": """\
playbook,label_zh,label_en,goal_zh,goal_en,action_zh,action_en,kpi,priority
key_account_team,重点服务,Key account team,留住客户。,Keep them.,配专人。,Name a manager.,spend,1
new_season,上新,New season,带动消耗。,Raise spend.,每周测试新款。,"Test styles, weekly.",months,3
""",
    "playbook_triggers.csv": """\
playbook,attribute,level,min_effect,max_effect,min_share,min_lift
key_account_team,value_attribute,,0.4,,,
new_season,months,,-0.4,0.4,,
new_season,is_fashion,1,,,0.05,1.5
new_season,category,服装,,,,1.2
""",
}
REVIEWS = """\
reviewer,segmentation_id,criterion,score,comment
李雷,kprototypes_k5,distinctiveness,4,"清楚, 好讲"
李雷,famd_gmm_k10,actionability,2.5,
"""
"""A filled ``business_review.csv``, which has no sheet in the workbook."""


def write_seeds(folder: Path) -> Path:
    """Write the sample seeds into a new folder ``seeds`` of `folder`."""
    seeds = folder / "seeds"
    seeds.mkdir()
    for name, text in (*SEEDS.items(), ("business_review.csv", REVIEWS)):
        (seeds / name).write_text(text, encoding="utf-8", newline="")
    return seeds


def edit(seeds: Path, name: str, old: str, new: str) -> None:
    """Replace `old`, which stands once in the seed, by `new`."""
    path = seeds / f"{name}.csv"
    text = path.read_bytes().decode("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
    path.write_bytes(text.replace(old, new).encode("utf-8"))
