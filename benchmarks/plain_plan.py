"""The plan, written plainly on kmodes, prince, scikit-learn and pandas: one script, no warehouse.

It is what the customer would write, and what `speed.py plan` compares `dbt build` with. In the
activated environment:

    python benchmarks/plain_plan.py data/data_revised.csv target/plain_plan

With the plan's effort (10 starts, 20 references, 50 bootstraps) that takes hours. `--starts`,
`--references` and `--bootstraps` make it shorter; all else always runs in full. The tables are
written as CSV into the folder, and the seconds of every step into `seconds.csv`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from kmodes.kprototypes import KPrototypes
from kneed import KneeLocator
from prince import FAMD
from scipy.spatial.distance import cdist
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_samples
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier, export_text

FloatArray = npt.NDArray[np.float64]
Labels = npt.NDArray[np.integer]

ID, SPEND = "corporation_id", "month_avg_spend_amt"
UNKNOWN = ["", r"\N", "Unknown", "未知"]
NUMBERS = [
    "avg_monthly_active_days",
    "channel_count",
    "consumed_level2_category_count",
    "d91_plus_spend_usd",
    "days_since_last_spend",
    "max_month_spendbyfirst_month_spend",
    "max_month_spendbylast_month_spend",
    "month_avg_ad_count",
    "month_avg_custom_region_count",
    SPEND,
    "month_std2avg",
    "total_account_count",
    "value_concentration_index",
]
KPIS = [*NUMBERS, "total_ad_count", "month_avg_topup_amt"]
ORDINALS = {
    "corporation_size": ["SMB", "PA", "KA"],
    "onboarding_intent_tier": [
        "15日内启动投放",
        "30日内启动投放",
        "60日内启动投放",
        "90日内启动投放",
        "90日以上启动投放",
        "历史老客",
    ],
}
NOMINALS = ["corporation_promotion_channel_second", "main_media", "top_custom_region_all"]
HIGH_CARDINALITY = "top_l2_category"
FLAGS = [
    "has_high_risk_flag_cheat",
    "has_high_risk_flag_counterfeit",
    "has_high_risk_flag_gambling",
    "has_high_risk_flag_real_money",
    "is_core_category_accessories",
    "is_core_category_beauty",
    "is_core_category_clothing",
    "is_core_category_electronics",
]
K_VALUES = range(2, 11)
PLANNED_K = range(4, 8)
SEED = 20250728


class Mixed:
    """Customers as numbers and level codes, and the weight of a mismatch against both."""

    def __init__(self, numbers: FloatArray, codes: npt.NDArray[np.integer]) -> None:
        self.numbers = numbers
        self.codes = codes
        diversity = [1 - (np.bincount(column) ** 2).sum() / len(column) ** 2 for column in codes.T]
        self.gamma = float(numbers.var(axis=0, ddof=1).mean() / np.mean(diversity))

    def fit(
        self, rows: npt.NDArray[np.integer] | slice, k: int, starts: int, seed: int
    ) -> KPrototypes:
        """Run K-Prototypes on some of the customers."""
        table = np.hstack([self.numbers[rows], self.codes[rows]])
        categorical = list(range(self.numbers.shape[1], table.shape[1]))
        model = KPrototypes(k, n_init=starts, gamma=self.gamma, random_state=seed)
        return model.fit(table, categorical=categorical)


def main() -> None:
    """Run the plan, and write its tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path, help="the customer file, CSV")
    parser.add_argument("folder", type=Path, help="where the tables go")
    parser.add_argument("--starts", type=int, default=10, help="of K-Prototypes for every K")
    parser.add_argument("--references", type=int, default=20, help="of the gap")
    parser.add_argument("--bootstraps", type=int, default=50, help="of the stability")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    run_plan(options.file, options.folder, options.starts, options.references, options.bootstraps)


def run_plan(file: Path, folder: Path, starts: int, references: int, bootstraps: int) -> None:
    """Take the steps of the plan in its order."""
    seconds: dict[str, float] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        seconds[name] = time.perf_counter() - began
        print(f"{name}: {seconds[name]:.1f} s", flush=True)

    with step("read and clean"):
        customers = read_customers(file)
    with step("features"):
        encoded = feature_set_a(customers)
        binned = feature_set_b(customers)
        mixed = as_mixed(encoded)
    with step("K-Prototypes"):
        models = {k: mixed.fit(slice(None), k, starts, SEED + k) for k in K_VALUES}
    labels: dict[str, Labels] = {f"kprototypes_k{k}": models[k].labels_ for k in K_VALUES}
    with step("FAMD, K-Means, mixtures"):
        labels |= famd_clusters(encoded)
    with step("Ward"):
        labels |= ward_clusters(encoded)
    with step("silhouettes"):
        silhouettes = mean_silhouettes(mixed, labels)
    with step("gap, the data"):
        observed = gap_costs(mixed, slice(None), seed=SEED)
    with step("gap, the references"):
        drawn = [
            gap_costs(draw_reference(mixed, np.random.default_rng(SEED + b)), slice(None), seed=b)
            for b in range(references)
        ]
    with step("stability"):
        replicates = [bootstrap_jaccards(mixed, models, seed=SEED + b) for b in range(bootstraps)]
    with step("criteria"):
        criteria = pd.DataFrame(
            {
                "cost": {k: models[k].cost_ for k in K_VALUES},
                "mean_silhouette": {k: silhouettes[f"kprototypes_k{k}"] for k in K_VALUES},
                "min_jaccard": pd.DataFrame(replicates).mean(),
            }
        ).join(gap(observed, drawn))
        criteria["knee"] = criteria.index == knee(criteria["cost"])
        final = f"kprototypes_k{criteria.loc[list(PLANNED_K), 'mean_silhouette'].idxmax()}"
        agreement = method_agreement(labels)
    with step("profiles"):
        names = [f"kprototypes_k{k}" for k in PLANNED_K] + ["agglomerative_k2"]
        profiled = {name: profiles(customers, binned, labels[name]) for name in names}
    with step("trees"):
        rules = "\n".join(explain(binned, labels[name], name) for name in (final, names[-1]))
    with step("write"):
        for name, (kpis, mix) in profiled.items():
            write(kpis, folder / f"kpis_{name}.csv")
            write(mix, folder / f"mix_{name}.csv")
        write(criteria.rename_axis("k").reset_index(), folder / "criteria.csv")
        write(agreement, folder / "agreement.csv")
        write(customers[[ID]].assign(segment=labels[final]), folder / "customer_segments.csv")
        first = customers.assign(cluster_agg_k2=labels["agglomerative_k2"])
        write(first, folder / "df_k2_agglo_all_raw.csv")
        (folder / "rules.txt").write_text(rules, encoding="utf-8")
    print(f"final: {final}")
    write(
        pd.DataFrame({"step": seconds.keys(), "seconds": seconds.values()}), folder / "seconds.csv"
    )


# ---- Data ----


def read_customers(file: Path) -> pd.DataFrame:
    """Read the file; numbers as numbers, what is unknown as missing, a customer once."""
    customers = pd.read_csv(file, dtype=str, na_values=UNKNOWN, encoding="utf-8-sig")
    customers = customers.dropna(subset=[ID]).drop_duplicates(ID)
    customers = customers.sort_values(ID, ignore_index=True)
    numbers = [*KPIS, *FLAGS]
    plain = customers[numbers].replace(r"[,$¥%\s]", "", regex=True)
    return customers.assign(**plain.apply(pd.to_numeric, errors="coerce"))


def feature_set_a(customers: pd.DataFrame) -> pd.DataFrame:
    """Encode for clustering: standardised numbers, and categories as text."""
    numbers = customers[NUMBERS].fillna(customers[NUMBERS].median())
    skewed = numbers.columns[(numbers.skew() > 1) & (numbers.min() >= 0)]
    numbers[skewed] = np.log1p(numbers[skewed])
    for name, levels in ORDINALS.items():
        ranks = customers[name].map({level: rank for rank, level in enumerate(levels)})
        numbers[name] = ranks.fillna(ranks.median())
    is_high_spend = customers[SPEND] >= customers[SPEND].quantile(0.8)
    folds = StratifiedKFold(5, shuffle=True, random_state=SEED)
    encoder = TargetEncoder(target_type="binary", cv=folds)
    category = customers[[HIGH_CARDINALITY]].fillna("unknown")
    numbers[HIGH_CARDINALITY] = encoder.fit_transform(category, is_high_spend)[:, 0]
    scaled = pd.DataFrame(StandardScaler().fit_transform(numbers), columns=numbers.columns)
    flags = customers[FLAGS].fillna(0).astype(int).replace({0: "no", 1: "yes"})
    return pd.concat([scaled, customers[NOMINALS].fillna("unknown"), flags], axis=1)


def feature_set_b(customers: pd.DataFrame) -> pd.DataFrame:
    """Bin for reading: quarters of every KPI, categories and flags as they are."""
    quarters = {name: pd.qcut(customers[name], 4, duplicates="drop").astype(str) for name in KPIS}
    categories = customers[[*ORDINALS, *NOMINALS, HIGH_CARDINALITY]].fillna("unknown")
    flags = customers[FLAGS].fillna(0).astype(int).astype(str)
    return pd.concat([pd.DataFrame(quarters), categories, flags], axis=1)


def as_mixed(encoded: pd.DataFrame) -> Mixed:
    """Split the encoded customers into numbers and level codes."""
    categories = encoded[[*NOMINALS, *FLAGS]]
    codes = categories.apply(lambda column: column.astype("category").cat.codes).to_numpy(int)
    return Mixed(encoded.drop(columns=categories.columns).to_numpy(float), codes)


# ---- Other methods ----


def famd_clusters(encoded: pd.DataFrame, n_axes: int = 5) -> dict[str, Labels]:
    """Run K-Means and mixtures on the axes of FAMD."""
    axes = FAMD(n_components=n_axes, random_state=SEED).fit_transform(encoded).to_numpy(float)
    labels = {}
    for k in K_VALUES:
        k_means = KMeans(k, n_init=10, random_state=SEED)
        labels[f"famd_kmeans_k{k}"] = k_means.fit_predict(axes)
        labels[f"famd_gmm_k{k}"] = GaussianMixture(k, random_state=SEED).fit_predict(axes)
    return labels


def ward_clusters(encoded: pd.DataFrame) -> dict[str, Labels]:
    """Cut Ward's tree on one-hot features at every K."""
    one_hot = pd.get_dummies(encoded, dtype=float)
    return {
        f"agglomerative_k{k}": AgglomerativeClustering(k).fit_predict(one_hot) for k in K_VALUES
    }


# ---- Criteria ----


def distance_matrix(mixed: Mixed) -> FloatArray:
    """(n, n) mixed distances: squared differences, and gamma for every mismatch."""
    distances = cdist(mixed.numbers, mixed.numbers, "sqeuclidean")
    for column in mixed.codes.T:
        distances += mixed.gamma * (column[:, None] != column)
    return distances


def mean_silhouettes(mixed: Mixed, labels: Mapping[str, Labels]) -> dict[str, float]:
    """Mean silhouette of every segmentation, on the matrix of all distances."""
    distances = distance_matrix(mixed)
    return {
        name: float(silhouette_samples(distances, of_name, metric="precomputed").mean())
        for name, of_name in labels.items()
        if len(np.unique(of_name)) > 1
    }


def knee(costs: pd.Series) -> int | None:
    """Find the elbow of the cost."""
    return KneeLocator(costs.index, costs, curve="convex", direction="decreasing").knee


def draw_reference(mixed: Mixed, rng: np.random.Generator) -> Mixed:
    """Draw customers without clusters: a box along the principal axes, shuffled categories."""
    center = mixed.numbers.mean(axis=0)
    axes = np.linalg.svd(mixed.numbers - center, full_matrices=False)[2]
    scores = (mixed.numbers - center) @ axes.T
    numbers = rng.uniform(scores.min(axis=0), scores.max(axis=0), size=scores.shape) @ axes
    codes = np.column_stack([rng.choice(column, len(column)) for column in mixed.codes.T])
    reference = Mixed(numbers + center, codes)
    reference.gamma = mixed.gamma
    return reference


def gap_costs(
    mixed: Mixed, rows: npt.NDArray[np.integer] | slice, *, seed: int
) -> dict[int, float]:
    """Cost of K-Prototypes for every K from 1 on, one start each."""
    return {k: float(mixed.fit(rows, k, 1, seed).cost_) for k in (1, *K_VALUES)}


def gap(observed: Mapping[int, float], drawn: Sequence[Mapping[int, float]]) -> pd.DataFrame:
    """Compare the costs with those of the references."""
    references = np.log(pd.DataFrame(drawn))
    s = references.std(ddof=0) * np.sqrt(1 + 1 / len(references))
    return pd.DataFrame({"gap": references.mean() - np.log(pd.Series(observed)), "gap_error": s})


def bootstrap_jaccards(
    mixed: Mixed, models: Mapping[int, KPrototypes], *, seed: int
) -> dict[int, float]:
    """Cluster one bootstrap anew, one start for every K; how well the worst cluster comes back."""
    n = len(mixed.numbers)
    rows = np.unique(np.random.default_rng(seed).integers(n, size=n))
    worst = {}
    for k, model in models.items():
        again = mixed.fit(rows, k, 1, seed).labels_
        both = pd.crosstab(model.labels_[rows], again).to_numpy()
        either = both.sum(axis=1, keepdims=True) + both.sum(axis=0) - both
        worst[k] = float((both / either).max(axis=1).min())
    return worst


def method_agreement(labels: Mapping[str, Labels]) -> pd.DataFrame:
    """Compare all segmentations of equal K with K-Prototypes."""
    rows = []
    for name, of_name in labels.items():
        reference = f"kprototypes_k{name.split('_k')[-1]}"
        rows.append((name, reference, adjusted_rand_score(of_name, labels[reference])))
    return pd.DataFrame(rows, columns=["segmentation", "reference", "adjusted_rand"])


# ---- Profiles ----


def profiles(
    customers: pd.DataFrame, binned: pd.DataFrame, labels: Labels
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Describe the segments: KPIs beside everyone's, and the shares of every level."""
    segments = pd.Series(labels, index=customers.index, name="segment")
    statistics = ["count", "mean", "median", "std"]
    kpis = customers[KPIS].groupby(segments).agg(statistics).stack(level=0, future_stack=True)
    everyone = customers[KPIS].agg(["mean", "median"]).T.add_prefix("overall_")
    kpis = kpis.rename_axis(["segment", "attribute"]).reset_index()
    kpis = kpis.merge(everyone, left_on="attribute", right_index=True)
    kpis["index_vs_overall"] = kpis["mean"] / kpis["overall_mean"]
    mixes = []
    for name in binned.columns:
        mix = pd.crosstab(segments, binned[name], normalize="index").stack().rename("share")
        overall = binned[name].value_counts(normalize=True).rename("share_overall")
        mix = mix.rename_axis(["segment", "level"]).reset_index().assign(attribute=name)
        mixes.append(mix.merge(overall, left_on="level", right_index=True))
    mix = pd.concat(mixes, ignore_index=True)
    mix["lift"] = mix["share"] / mix["share_overall"]
    return kpis, mix


def explain(binned: pd.DataFrame, labels: Labels, name: str) -> str:
    """Fit a shallow tree on the bins; its rules as text, and how well it holds on others."""
    one_hot = pd.get_dummies(binned)
    tree = DecisionTreeClassifier(max_depth=3, class_weight="balanced", random_state=SEED)
    score = cross_val_score(tree, one_hot, labels, cv=5, scoring="balanced_accuracy").mean()
    rules = export_text(tree.fit(one_hot, labels), feature_names=list(one_hot.columns))
    return f"{name}: balanced accuracy {score:.2f}, held out\n{rules}"


def write(table: pd.DataFrame, path: Path) -> None:
    """Write a CSV that Excel opens with its Chinese intact."""
    table.to_csv(path, index=False, encoding="utf-8-sig")


if __name__ == "__main__":
    main()
