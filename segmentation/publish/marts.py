"""What is published: the public models, their words, and the keys that their tests vouch for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segmentation.errors import InputError


@dataclass(frozen=True)
class ForeignKey:
    """Columns of a mart whose values are found in another.

    Attributes
    ----------
    columns : tuple of str
    parent : str
        The other mart.
    parent_columns : tuple of str
        A key of it.
    """

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...]


@dataclass(frozen=True)
class Mart:
    """A model for BI tools.

    Attributes
    ----------
    database, schema, name : str
        Where dbt builds it; an empty database is that in use.
    description : str
    columns : dict of str to str
        Descriptions by the name of the column.
    required : frozenset of str
        Columns that are never null.
    keys : tuple of tuple of str
        Columns that together name a row; the key whose columns stand first comes first.
    foreign_keys : tuple of ForeignKey
    """

    database: str
    schema: str
    name: str
    description: str
    columns: dict[str, str]
    required: frozenset[str]
    keys: tuple[tuple[str, ...], ...]
    foreign_keys: tuple[ForeignKey, ...]


def read_marts(manifest: Path) -> list[Mart]:
    """Read from dbt's manifest what is to be published.

    These are the public models, but not those with ``config: meta: {publish: false}``. What a build
    checks is a key: `primary_key`, `unique` and `unique_combination_of_columns` of the mart,
    `not_null` of a column (a test or a constraint), `relationships` and `relationships_of_columns`
    of a foreign key. Tests with a filter or that only warn vouch for nothing.

    Parameters
    ----------
    manifest : Path
        dbt's ``manifest.json``.

    Returns
    -------
    list of Mart
        By name.

    Raises
    ------
    InputError
        There is no manifest, or it names no mart.
    """
    try:
        nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    except (OSError, ValueError, KeyError):
        raise InputError(f"There is no manifest of dbt at {manifest}; run dbt build.") from None
    models = {
        unique_id: node
        for unique_id, node in nodes.items()
        if node["resource_type"] == "model"
        and node["access"] == "public"
        and node["config"]["meta"].get("publish", True)
    }
    if not models:
        raise InputError(f"{manifest} names no public model: there is nothing to publish.")
    tests: dict[str, list[dict[str, Any]]] = {unique_id: [] for unique_id in models}
    for node in nodes.values():
        if node.get("attached_node") in models and _vouches(node):
            tests[node["attached_node"]].append(node)
    keys = {unique_id: _keys(models[unique_id], tests[unique_id]) for unique_id in models}
    return sorted(
        (_mart(model, tests[unique_id], models, keys) for unique_id, model in models.items()),
        key=lambda mart: mart.name,
    )


def _vouches(test: dict[str, Any]) -> bool:
    """Whether a build fails when the test finds a row."""
    config = test["config"]
    return (
        config.get("where") is None
        and config["severity"].lower() == "error"
        and config["error_if"] == "!= 0"
    )


def _named(tests: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    """Give the arguments of the tests of a name."""
    for test in tests:
        if test["test_metadata"]["name"] == name:
            yield test["test_metadata"]["kwargs"]


def _keys(model: dict[str, Any], tests: list[dict[str, Any]]) -> tuple[tuple[str, ...], ...]:
    """Give the keys of a model, those first whose columns stand first."""
    places = {column: place for place, column in enumerate(model["columns"])}
    keys = {(arguments["column_name"],) for arguments in _named(tests, "unique")}
    keys |= {tuple(arguments["columns"]) for arguments in _named(tests, "primary_key")}
    keys |= {
        tuple(arguments["combination_of_columns"])
        for arguments in _named(tests, "unique_combination_of_columns")
    }
    return tuple(sorted(keys, key=lambda key: [places[column] for column in key]))


def _required(model: dict[str, Any], tests: list[dict[str, Any]]) -> frozenset[str]:
    """Name the columns of a model that are never null."""
    required = {arguments["column_name"] for arguments in _named(tests, "not_null")}
    for name in ("primary_key", "not_null_columns"):
        required.update(*(arguments["columns"] for arguments in _named(tests, name)))
    if model["config"]["materialized"] == "table":  # a view cannot enforce a constraint
        required.update(
            name
            for name, column in model["columns"].items()
            if any(constraint["type"] == "not_null" for constraint in column["constraints"])
        )
    return frozenset(required)


def _mart(
    model: dict[str, Any],
    tests: list[dict[str, Any]],
    models: dict[str, dict[str, Any]],
    keys: dict[str, tuple[tuple[str, ...], ...]],
) -> Mart:
    """Put a mart together."""
    foreign_keys = set()
    for test in tests:
        arguments = test["test_metadata"]["kwargs"]
        if test["test_metadata"]["name"] == "relationships":
            columns, parent_columns = (arguments["column_name"],), (arguments["field"],)
        elif test["test_metadata"]["name"] == "relationships_of_columns":
            columns = tuple(arguments["columns"])
            parent_columns = tuple(arguments.get("to_columns") or columns)
        else:
            continue
        own = model["unique_id"]
        parents = [node for node in test["depends_on"]["nodes"] if node != own] or [own]
        if parent_columns in keys.get(parents[0], ()):
            foreign_keys.add(ForeignKey(columns, models[parents[0]]["alias"], parent_columns))
    return Mart(
        database=model["database"] or "",
        schema=model["schema"],
        name=model["alias"],
        description=model["description"],
        columns={name: column["description"] for name, column in model["columns"].items()},
        required=_required(model, tests),
        keys=keys[model["unique_id"]],
        foreign_keys=tuple(sorted(foreign_keys, key=lambda key: (key.columns, key.parent))),
    )
