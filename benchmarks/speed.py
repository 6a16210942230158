"""Every number of `docs/benchmarks.md`: ours and the usual libraries', in one run on the same data.

In the activated environment:

    python benchmarks/speed.py            # all of them, one after the other: `make bench`
    python benchmarks/speed.py pass       # one: plan, memory, pass, fit, silhouette, replicates,
                                          # scoring, predict, compile or profile

The data are the sample's 9,999 customers, built once in `target/bench`. The sides of a comparison
take turns; printed is the median of the rounds, with the lowest and the highest. The time that
numba compiles is in none of them: `compile` says what it is.
"""

from __future__ import annotations

import importlib
import subprocess
import sys

import harness

MODULES = {
    "plan": "speed_plan",
    "memory": "speed_plan",
    "pass": "speed_clustering",
    "fit": "speed_clustering",
    "silhouette": "speed_clustering",
    "replicates": "speed_clustering",
    "scoring": "speed_sql",
    "predict": "speed_sql",
    "compile": "speed_clustering",
    "profile": "speed_clustering",
}


def main() -> None:
    """Run the benchmarks that the command line names, or all."""
    names = sys.argv[1:] or list(MODULES)
    if not set(names) <= set(MODULES):
        sys.exit(__doc__)
    if len(names) > 1:
        for name in names:  # a process each: none inherits memory or threads of another
            subprocess.run([sys.executable, __file__, name], check=True)
        return
    (name,) = names
    print(f"\n## {name}\n\n{harness.describe_machine()}\n", flush=True)
    getattr(importlib.import_module(MODULES[name]), f"benchmark_{name}")()


if __name__ == "__main__":
    main()
