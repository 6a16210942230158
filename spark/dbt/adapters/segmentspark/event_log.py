"""Read from Spark's event log what each model moved between machines and put on disk.

``python -m dbt.adapters.segmentspark.event_log FOLDER``, where Spark was told in its settings
``spark.eventLog.dir FOLDER``, ``spark.eventLog.enabled true``, ``spark.eventLog.compress false``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


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
            name = node.split(".")[2] if node.count(".") >= 2 else node
            of_stage |= dict.fromkeys(event["Stage IDs"], name)
        elif event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            metrics = event["Task Metrics"]
            model = found.setdefault(of_stage[event["Stage ID"]], Moved())
            model.shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
            model.spilled += metrics["Disk Bytes Spilled"]
    return found


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.rglob("events_*")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def main(folder: str) -> None:
    """Print the models that moved most, in MiB."""
    models = sorted(moved(Path(folder)).items(), key=lambda item: -item[1].shuffled)
    for name, of in models:
        if of.shuffled or of.spilled:
            print(f"{of.shuffled / 2**20:10,.1f} {of.spilled / 2**20:10,.1f}  {name}")


if __name__ == "__main__":
    main(sys.argv[1])
