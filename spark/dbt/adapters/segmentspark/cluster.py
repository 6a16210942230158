"""Run a command beside a Spark cluster of its own: a master and two workers on this machine.

``python -m dbt.adapters.segmentspark.cluster dbt build --target spark``. The command finds the
master's address in the environment variable SPARK_MASTER; SPARK_WORKER_MEMORY (``2g``) is the
memory of each worker.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyspark

WORKERS = 2
_HOST = "127.0.0.1"
_READY = {
    "master": re.compile(r"Starting Spark master at (spark://[\w.:]+)"),
    "worker": re.compile(r"(Successfully registered with master)"),
}
_SECONDS = 60


class ClusterError(Exception):
    """The cluster does not start; says why."""


class Cluster:
    """A master and workers, each a process.

    Attributes
    ----------
    address : str
        Of the master: ``spark://host:port``.
    master : Popen
    workers : list of Popen
    """

    def __init__(self, folder: Path, stack: ExitStack, memory: str) -> None:
        self._folder = folder
        self._stack = stack
        # Port 0: one that is free.
        self.master, self.address = self._start("master", "--host", _HOST, "--port", "0")
        self.workers = [self._start_worker(number, memory) for number in range(WORKERS)]

    def _start_worker(self, number: int, memory: str) -> subprocess.Popen[bytes]:
        options = ["--cores", "1", "--memory", memory, "--host", _HOST, "--port", "0"]
        work = ["--work-dir", str(self._folder / f"work-{number}")]
        return self._start("worker", *options, *work, self.address)[0]

    def _start(self, role: str, *arguments: str) -> tuple[subprocess.Popen[bytes], str]:
        """Start a process, and wait until its log says that it is ready."""
        log = self._folder / f"{role}-{len(list(self._folder.glob('*.log')))}.log"
        name = f"org.apache.spark.deploy.{role}.{role.title()}"
        command = [str(Path(pyspark.__path__[0]) / "bin" / "spark-class"), name]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*command, *arguments, "--webui-port", "0"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "SPARK_HOME": pyspark.__path__[0], "SPARK_LOCAL_IP": _HOST},
            )
        self._stack.callback(_stop, process)
        for _ in range(_SECONDS * 10):
            found = _READY[role].search(log.read_text(encoding="utf-8", errors="replace"))
            if found:
                return process, found[1]
            if process.poll() is not None:
                break
            time.sleep(0.1)
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        raise ClusterError(f"Spark's {role} does not start. Its log ends with:\n" + "\n".join(last))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def cluster(memory: str = "2g") -> Iterator[Cluster]:
    """Start a cluster, and stop it at the end of the block.

    Parameters
    ----------
    memory : str
        Of each worker.

    Raises
    ------
    ClusterError
        There is no Java, or a process does not start.
    """
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        raise ClusterError(
            "Spark needs Java 17: install it (Debian: apt-get install openjdk-17-jre-headless), or "
            "set JAVA_HOME."
        )
    with TemporaryDirectory(prefix="spark-") as folder, ExitStack() as stack:
        yield Cluster(Path(folder), stack, memory)


def main(command: list[str]) -> int:
    """Run a command beside a cluster and give its exit code."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        with cluster(os.environ.get("SPARK_WORKER_MEMORY", "2g")) as started:
            environment = {**os.environ, "SPARK_MASTER": started.address, "SPARK_LOCAL_IP": _HOST}
            return subprocess.run(command, env=environment, check=False).returncode
    except ClusterError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
