"""What must not change the segments, changed: the same customers come out in the same segments.

The reference is built once. Each build after it differs in something that should not matter, or
that matters in a known way, and is compared with it table by table.
"""

from __future__ import annotations

import csv
import hashlib
import platform
import shutil
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from equal_builds import ABOUT_THE_FILE, differences
from project import ROOT, Project, expect_success
from sklearn.metrics import adjusted_rand_score

from segmentation.dictionary.attributes import load_dictionary

ROWS = 900
DATE, NEXT_DATE = "2025-07-28", "2025-10-28"
VARIABLES = {
    "as_of_date": DATE,
    "k_values": [2, 3, 4, 5, 6],
    "n_init": 5,
    "n_bootstraps": 6,
    "n_bootstraps_slow": 4,
    "n_references": 5,
    "replicate_rows": 2_000,  # starts from everyone: from a draw they may end elsewhere
    "replicate_rows_slow": 300,
    "famd_axes": [3, 5],
}
ROUNDING = 1e-9
NEAR_ZERO = 1e-12
"""A number may be a zero with a rounding, whose own size tells nothing."""

FEATURES = ["+ml_feature_set_a", "+int_feature_set_b"]
"""All that fits and rules are made from."""

INDEPENDENT_OF_NAMES = [
    "fct_customer_segments",
    "fct_candidate_segments",
    "dim_segments",
    "rpt_k_decision",
    "rpt_method_agreement",
    "rpt_segment_kpis",
    "rpt_segment_labels",
    "rpt_segment_mix",
    "rpt_segment_playbooks",
    "rpt_segment_themes",
    "ml_k_stability",
]

ATTRIBUTES = load_dictionary(ROOT / "seeds/data_dictionary.csv")
Seed = list[dict[str, str]]


@pytest.fixture(scope="module")
def some(customers: pd.DataFrame) -> pd.DataFrame:
    return customers.head(ROWS)


@pytest.fixture(scope="module")
def reference(
    some: pd.DataFrame,
    new_project: Callable[..., Project],
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    project = new_project("reference")
    path = tmp_path_factory.mktemp("reference") / "customers.csv"
    some.to_csv(path, index=False)
    expect_success(project.build(path, variables=VARIABLES, in_new_python=True))
    return project


@pytest.fixture
def build(
    new_project: Callable[..., Project], tmp_path: Path, request: pytest.FixtureRequest
) -> Callable[..., Project]:
    """Build other customers, with other seeds or environment variables, in a new project."""

    def build(
        customers: pd.DataFrame | str,
        *,
        change_seeds: Callable[[Project], None] | None = None,
        after: Project | None = None,
        env: Mapping[str, str] | None = None,
        **variables: object,
    ) -> Project:
        project = new_project(request.node.name.replace("[", "_").strip("]"), **(env or {}))
        if change_seeds:
            change_seeds(project)
        if after:
            shutil.copy(after.database, project.database)
        if isinstance(customers, pd.DataFrame):
            customers.to_csv(tmp_path / "customers.csv", index=False)
            customers = str(tmp_path / "customers.csv")
        run = project.build(
            customers, variables={**VARIABLES, **variables}, in_new_python=bool(env)
        )
        expect_success(run)
        return project

    return build


def change_seed(project: Project, name: str, change: Callable[[Seed], Iterable[dict]]) -> None:
    """Write a seed anew."""
    path = project.folder / "seeds" / f"{name}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows, columns = list(reader), reader.fieldnames or []
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(rows))


def change_rows(
    project: Project,
    name: str,
    column: str,
    of: Collection[str],
    **changes: Callable[[str], str],
) -> None:
    """Change cells of the rows of a seed that have one of some texts in a column."""

    def change(rows: Seed) -> Seed:
        return [
            {key: changes[key](text) if key in changes else text for key, text in row.items()}
            if row[column] in of
            else row
            for row in rows
        ]

    change_seed(project, name, change)


def segments(project: Project) -> pd.Series[str]:
    """Give the segment of each customer."""
    rows = project.query("select customer_id, segment_id from fct_customer_segments order by 1")
    return rows.set_index("customer_id")["segment_id"]


def in_another_form(customers: pd.DataFrame, folder: Path) -> str:
    """Write two files in UTF-16 with Chinese headers, rows and columns in another order."""
    labels = {item.attribute: item.label_zh for item in ATTRIBUTES}
    shuffled = customers.sample(frac=1, random_state=1).sample(frac=1, axis=1, random_state=2)
    shuffled = shuffled.rename(columns=labels)
    for number, part in enumerate((shuffled[:300], shuffled[300:]), start=1):
        text = part.to_csv(index=False, sep="\t")
        (folder / f"part-{number}.csv").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    return str(folder / "part-*.csv")


def shuffle_seeds(project: Project) -> None:
    """Put the rows of every seed into another order, those of the dictionary among them."""
    for path in sorted((project.folder / "seeds").glob("*.csv")):
        rng = np.random.default_rng(3)
        change_seed(project, path.stem, lambda rows, rng=rng: rng.permutation(rows))


def test_neither_file_nor_order_of_seeds_changes_a_feature(
    some: pd.DataFrame, new_project: Callable[..., Project], tmp_path: Path
) -> None:
    """The short form: up to what the fits are made from, everything in one other build."""
    one, other = (new_project(f"features_{name}") for name in ("plain", "otherwise"))
    some.to_csv(tmp_path / "customers.csv", index=False)
    expect_success(one.build(tmp_path / "customers.csv", select=FEATURES))
    shuffle_seeds(other)
    more = some.assign(constant="1", serial=[f"X{i}" for i in range(len(some))])
    expect_success(other.build(in_another_form(more, tmp_path), select=FEATURES))
    exact = ["stg_crm__customers", "ml_feature_set_a_parameters", "ml_feature_set_a"]
    assert one.fingerprints(exact) == other.fingerprints(exact)
    rounded = {"relative": ROUNDING, "absolute": NEAR_ZERO}
    assert differences(one, other, leave_out=ABOUT_THE_FILE, **rounded) == []


@pytest.mark.hard
def test_the_form_of_the_file(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame, tmp_path: Path
) -> None:
    """Sums of SQL add in the order of the file; all that Python fits is equal bit for bit."""
    other = build(in_another_form(some, tmp_path))
    rounded = {"relative": ROUNDING, "absolute": NEAR_ZERO}
    assert differences(reference, other, leave_out=ABOUT_THE_FILE, **rounded) == []
    exact = ["fct_customer_segments", "fct_candidate_segments", "fct_model_parameters"]
    exact += ["dim_models", "rpt_k_decision", "rpt_segment_rules", "rpt_persona_cards"]
    assert other.fingerprints(exact) == reference.fingerprints(exact)


@pytest.mark.hard
def test_the_order_of_the_seeds(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    assert differences(reference, build(some, change_seeds=shuffle_seeds)) == []


@pytest.mark.hard
def test_columns_that_nobody_declared(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    more = some.assign(constant="1", serial=[f"X{i}" for i in range(len(some))])
    assert differences(reference, build(more), leave_out=ABOUT_THE_FILE) == []


@pytest.mark.hard
def test_a_number_that_is_the_same_for_everyone(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    """Declared as one to cluster on. The model has another version: its customers have a column."""
    constant = {
        "attribute": "constant",
        "label_zh": "常数",
        "label_en": "Constant",
        "definition_zh": "常数。",
        "definition_en": "A constant.",
        "data_type": "number",
        "role": "performance",
        "transform": "none",
        "theme": "scale",
        "direction": "neutral",
        "unit": "count",
        "is_required": "false",
        "missing_policy": "median",
    }

    def declare(project: Project) -> None:
        change_seed(project, "data_dictionary", lambda rows: [*rows, constant])

    other = build(some.assign(constant="7"), change_seeds=declare)
    left_out = {
        "*": ["model_version"],
        "fct_model_parameters": ["row_number"],
        "int_fitted_parameters": ["row_number"],
    }
    assert differences(reference, other, columns=left_out, without=["constant"]) == []


@pytest.mark.hard
def test_a_linear_number_in_another_unit(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    """An attribute that is standardised as it is: 0.25 becomes 25, and its bounds with it."""
    name, feature = "value_concentration_index", "spend_concentration"

    def rescale(project: Project) -> None:
        change_rows(project, "data_dictionary", "attribute", {name}, valid_max=hundredfold)
        change_rows(project, "feature_bins", "feature", {feature}, lower_bound=hundredfold)

    def hundredfold(text: str) -> str:
        return str(Decimal(text) * 100) if text else text

    other = build(some.assign(**{name: some[name].map(hundredfold)}), change_seeds=rescale)
    bins = "int_feature_set_b"
    assert other.fingerprints([bins]) == reference.fingerprints([bins])
    # What tells people the value itself.
    told = ["text", "figures", "playbook", "kpi_value", "kpi_overall_value"]
    told = [f"{column}{language}" for column in told for language in ("", "_zh", "_en")]
    found = differences(
        reference,
        other,
        without=[name, feature],
        columns={"*": ["model_version", *told]},
        relative=ROUNDING,
        absolute=NEAR_ZERO,
    )
    assert found == []
    kpis = (
        "select {} from rpt_segment_kpis where attribute = '{}' order by segmentation_id, cluster"
    )
    for columns, factor in (("mean, median, p95", 100), ("v_test, effect_size", 1)):
        one, hundred = (p.query(kpis.format(columns, name)) for p in (reference, other))
        np.testing.assert_allclose(one * factor, hundred, rtol=ROUNDING, atol=NEAR_ZERO)


@pytest.mark.hard
def test_another_currency(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    """Everything in a unit of money eight times as large a number, thresholds as well.

    Bins, flags and target encodings are ranks and comparisons: exactly the same. ``log1p`` is not
    free of scale: near 1 it turns from linear to logarithmic, so customers who spend that little
    come a little nearer to each other or farther from each other. Five segments are still the same,
    but for a few customers; where two ways to divide cost nearly the same, as with four here, the
    other one may win, and another K be chosen.
    """
    money = {item.attribute for item in ATTRIBUTES if item.unit.startswith("usd")}
    bins = {"spend_level"}  # the other bins of amounts are quantiles

    def eightfold(text: str) -> str:
        return str(Decimal(text) * 8) if text[:1].isdigit() else text

    def exchange(project: Project) -> None:
        change_rows(project, "feature_bins", "feature", bins, lower_bound=eightfold)

    amounts = {name: some[name].map(eightfold) for name in money & set(some)}
    other = build(some.assign(**amounts), change_seeds=exchange)
    assert other.fingerprints(["int_feature_set_b"]) == reference.fingerprints(
        ["int_feature_set_b"]
    )
    flags = [item.attribute for item in ATTRIBUTES if item.role == "flag"]
    for exact in (
        f"select customer_id, {', '.join(flags)}, cast(disagreeing_flags as varchar), "
        "cast(contradicted_flags as varchar) from int_customer_attributes order by customer_id",
        "select attribute, fold, level, value from ml_feature_set_a_parameters "
        "where parameter in ('encoding', 'prior') order by all",
    ):
        assert other.query(exact).equals(reference.query(exact))
    five = (
        "select cluster from fct_candidate_segments where segmentation_id = 'kprototypes_k5' "
        "order by customer_id"
    )
    clusters = [project.query(five)["cluster"] for project in (reference, other)]
    assert adjusted_rand_score(*clusters) >= 0.97


@pytest.mark.hard
def test_other_names_of_categories(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    """Names that sort in another order; what people read, the labels, stays.

    Columns that stand for levels change places. Where two splits of a tree are equally good, the
    rule may ask for the other; and references of the gap draw other numbers.
    """
    roles = ("ordinal", "nominal", "high_cardinality")
    categories = {item.attribute for item in ATTRIBUTES if item.role in roles} & set(some)
    unknown = {"", r"\N", "Unknown", "未知", "unknown"}
    old_names: dict[str, str] = {}

    def rename(text: str) -> str:
        if text in unknown:
            return text
        new = f"{hashlib.md5(text.encode()).hexdigest()[:6]}~"
        assert old_names.setdefault(new, text) == text
        return new

    def change_seeds(project: Project) -> None:
        for seed in ("attribute_levels", "category_flags", "segment_traits", "playbook_triggers"):
            change_rows(project, seed, "attribute", categories, level=rename)

    renamed = some.assign(**{name: some[name].map(rename) for name in categories})
    other = build(renamed, change_seeds=change_seeds)
    found = differences(
        reference,
        other,
        only=INDEPENDENT_OF_NAMES,
        columns={"*": ["model_version", "golden_rule_zh", "golden_rule_en"]},
        renamed=old_names,
        relative=ROUNDING,
        absolute=NEAR_ZERO,
    )
    assert found == []


@pytest.mark.hard
def test_everybody_twice(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    """Copies under other ids: in the segment of the original, and the segments are the same.

    The folds of target encodings, draws and starts are others: a few customers may move.
    """
    copies = some.assign(corporation_id="9" + some["corporation_id"])
    k = int(reference.one("select k from rpt_k_decision"))
    twice = build(pd.concat([some, copies]), final_k=k, final_k_reason="as before")
    before, after = segments(reference), segments(twice)
    originals, doubles = after[before.index], after["9" + before.index]
    assert (originals.to_numpy() == doubles.to_numpy()).mean() >= 0.99
    assert adjusted_rand_score(before, originals) >= 0.95


@pytest.mark.hard
def test_next_quarter_without_a_segment(
    reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    before = segments(reference)
    gone = "S01"
    stay = some[~some["corporation_id"].isin(before.index[before == gone])]
    other = build(stay, after=reference, as_of_date=NEXT_DATE)
    names = "select segment_id, name_zh, name_en from rpt_segment_lineage where as_of_date = '{}'"
    lineage = (
        "select from_segment_id, event from rpt_segment_lineage "
        f"where as_of_date = '{NEXT_DATE}' and event in ('survived', 'retired', 'absorbed')"
    )
    events = other.query(lineage).set_index("from_segment_id")["event"].to_dict()
    others = sorted(set(before) - {gone})
    assert events == {gone: "retired", **dict.fromkeys(others, "survived")}
    one, two = (
        other.query(names.format(date)).set_index("segment_id") for date in (DATE, NEXT_DATE)
    )
    assert one.loc[others].equals(two.loc[others])
    after = segments(other)
    assert gone not in set(after)
    for segment in others:
        mine = after[before.index[before == segment]]
        assert mine.value_counts().idxmax() == segment


BLAS = {
    "avx": {"OPENBLAS_CORETYPE": "Sandybridge"},
    "generic": {"OPENBLAS_CORETYPE": "Prescott"},
    "sse, and neither NumPy nor numba beyond it": {
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3",
        "NUMBA_CPU_NAME": "generic",
    },
}


@pytest.mark.hard
@pytest.mark.skipif(platform.machine() != "x86_64", reason="the kernels are those of x86-64")
@pytest.mark.parametrize("kernels", BLAS)
def test_other_builds_of_blas(
    kernels: str, reference: Project, build: Callable[..., Project], some: pd.DataFrame
) -> None:
    """The version of the model is a hash of all its bits, and may be another one."""
    other = build(some, env=BLAS[kernels])
    found = differences(
        reference,
        other,
        columns={"*": ["model_version"]},
        relative=ROUNDING,
        absolute=1e-11,
    )
    assert found == []
