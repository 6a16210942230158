"""Read from Spark's event log what each model moved between machines and put on disk, and its plan.

``python -m dbt.adapters.segmentspark.event_log FOLDER [MODEL]``, where Spark was told in its
settings ``spark.eventLog.dir FOLDER``, ``spark.eventLog.enabled true``,
``spark.eventLog.compress false``.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WRITES = "InsertIntoHadoopFsRelationCommand"


@dataclass
class Moved:
    """Bytes of the tasks of a model.

    Attributes
    ----------
    shuffled : int
        Written for tasks of a later stage, which may run on another machine.
    spilled : int
        Put on disk for want of memory.
    """

    shuffled: int = 0
    spilled: int = 0


def moved(folder: Path) -> dict[str, Moved]:
    """Add up what the tasks of each model moved.

    Parameters
    ----------
    folder : Path
        Of one or several event logs that are not compressed.

    Returns
    -------
    dict
        By the name of the model, seed or test.
    """
    of_stage: dict[int, str] = {}
    found: dict[str, Moved] = {}
    for event in _events(folder):
        if event["Event"] == "SparkListenerJobStart":
            # The adapter calls jobs as dbt calls nodes: model.segmentation.int_customer_features
            node = event.get("Properties", {}).get("spark.job.description", "")
            of_stage |= dict.fromkeys(event["Stage IDs"], _name(node))
        elif event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            metrics = event["Task Metrics"]
            model = found.setdefault(of_stage[event["Stage ID"]], Moved())
            model.shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            model.spilled += metrics["Disk Bytes Spilled"]
    return found


def plan(folder: Path, model: str) -> str:
    """Give the plan by which the table of a model was written last, as it was in the end.

    Parameters
    ----------
    folder : Path
        Of one or several event logs that are not compressed.
    model : str
        Name of a model, which is a table.

    Returns
    -------
    str
        Spark's physical operators, a line each, indented below those that read them.

    Raises
    ------
    KeyError
        Spark wrote no such table.
    """
    plans: dict[int, str] = {}
    last: int | None = None
    for event in _events(folder):
        text = event.get("physicalPlanDescription", "")
        execution: int = event.get("executionId", -1)
        if event["Event"].endswith("SQLExecutionStart"):
            plans.pop(execution, None)  # a number of an earlier build
            if _name(event["description"]) == model and _WRITES in text:
                plans[execution], last = text, execution
        elif execution in plans and text:
            plans[execution] = text
    if last is None:
        raise KeyError(model)
    # Of an adaptive plan there is the final one, and below it the one that Spark began with.
    tree = re.split(r"== (?:Final|Physical) Plan ==\n", plans[last])[-1]
    return textwrap.dedent(re.split(r"\n\n|\n\+- == Initial Plan", tree)[0])


def _name(node: str) -> str:
    """Give the name of a node as dbt writes it, ``model.segmentation.int_customer_features``."""
    return node.split(".")[2] if node.count(".") >= 2 else node


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("events_*")):
        with path.open(encoding="utf-8") as file:
            # The last line of a build that is running may not be whole yet.
            yield from (json.loads(line) for line in file if line.endswith("\n"))


def main(folder: str, model: str | None = None) -> None:
    """Print the models that moved most, in MiB, or the plan of one."""
    if model:
        print(plan(Path(folder), model))
        return
    models = sorted(moved(Path(folder)).items(), key=lambda item: -item[1].shuffled)
    for name, of in models:
        if of.shuffled or of.spilled:
            print(f"{of.shuffled / 2**20:10,.1f} {of.spilled / 2**20:10,.1f}  {name}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
