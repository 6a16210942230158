"""Change algorithms and scoring SQL a little, and see whether a test notices.

`make mutants` runs it; see docs/reliability.md. The result is in target/mutants.
"""

from __future__ import annotations

import argparse
import importlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from mutants import Mutant, mutants_of
from python_tests import Package

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path("target/mutants")

# Module of the package: its test files, the quickest first. Of the first two nothing is compiled.
INTERPRETED = {
    "clustering/mixed_data": "mixed_data",
    "clustering/silhouette": "silhouette",
}
MODULES = INTERPRETED | {
    "clustering/agglomerative": "agglomerative",
    "clustering/candidates": "features candidates",
    "clustering/centroids": "centroids agglomerative",
    "clustering/famd": "famd",
    "clustering/famd_clusters": "famd_clusters",
    "clustering/features": "features",
    "clustering/kprototypes": "kprototypes",
    "clustering/kprototypes_core": "gamma kprototypes",
    "clustering/kprototypes_paths": "kprototypes_paths",
    "clustering/kprototypes_search": "kprototypes",
    "explanation/rules": "rules",
    "explanation/tree": "tree",
    "identities": "identities",
    "profiles": "profiles",
    "selection/elbow": "elbow",
    "selection/evidence": "evidence",
    "selection/gamma": "gamma",
    "selection/gap": "gap",
    "selection/replicates": "replicates gap stability",
    "selection/stability": "stability",
    "selection/technical_range": "technical_range",
}

Results = Iterator[tuple[Mutant, str]]


def run_python(root: Path, mutants: Iterable[Mutant]) -> Results:
    """Give what the tests of its module say of each mutant: `passed`, `failed` or `too slow`."""
    package = Package(root, root / FOLDER / "package")
    limits: dict[str, float] = {}
    for mutant in mutants:
        module = mutant.path.removeprefix("segmentation/").removesuffix(".py")
        files = [f"tests/python/test_{name}.py" for name in MODULES[module].split()]
        compiled = module not in INTERPRETED
        if module not in limits:
            package.test(files, compiled=compiled, seconds=600)  # numba compiles
            result, seconds = package.test(files, compiled=compiled, seconds=600)
            if result != "passed":
                raise SystemExit(f"The tests of {module} fail without any change.")
            limits[module] = 10 + 4 * seconds
        package.put(mutant.path, mutant.apply((root / mutant.path).read_bytes()))
        yield mutant, package.test(files, compiled=compiled, seconds=limits[module])[0]
        package.restore(mutant.path)


def sample(mutants: list[Mutant], count: int, seed: int) -> list[Mutant]:
    """Draw so many at random, in their old order."""
    drawn = random.Random(seed).sample(range(len(mutants)), min(count, len(mutants)))
    return [mutants[index] for index in sorted(drawn)]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=["python", "sql"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=400, help="how many are drawn")
    parser.add_argument("--only", default="", help="of files whose path contains this text")
    parser.add_argument("--again", action="store_true", help="only those that survived last time")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the project")
    options = parser.parse_args()

    (options.root / FOLDER).mkdir(parents=True, exist_ok=True)
    results = options.root / FOLDER / f"{options.kind}.json"
    paths = [f"segmentation/{module}.py" for module in MODULES]
    run: Callable[[Path, list[Mutant]], Results] = run_python
    if options.kind == "sql":  # it imports what a changed package must not find imported
        sql_tests = importlib.import_module("sql_tests")
        paths, run = sql_tests.PATHS, sql_tests.run_sql
    everything = [
        mutant
        for path in paths
        if (options.root / path).exists()
        for mutant in mutants_of(options.root, path)
    ]
    known = json.loads(results.read_text(encoding="utf-8")) if options.again else {}
    tried = [
        mutant
        for mutant in sample(everything, options.count, options.seed)
        if options.only in mutant.path and known.get(mutant.key) not in ("failed", "too slow")
    ]
    print(f"{len(tried)} of {len(everything)} mutants", flush=True)
    for mutant, result in run(options.root, tried):
        known[mutant.key] = result
        results.write_text(json.dumps(known, indent=1, ensure_ascii=False), encoding="utf-8")
        if result not in ("failed", "too slow"):
            print(f"{result}: {mutant}", flush=True)
    print(dict(Counter(known.values())))


if __name__ == "__main__":
    main()
