"""A PostgreSQL server of the tests' own, in a temporary folder."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import adbc_driver_manager.dbapi as adbc
from adbc_driver_postgresql.dbapi import connect

ADMIN = "boss"
PASSWORD = "geh/eim@50%?"
"""Of every user: what is not quoted in it, or quoted twice, does not connect."""


@dataclass(frozen=True)
class Server:
    """A running server.

    Attributes
    ----------
    port : int
        On 127.0.0.1.
    log : Path
        What it logs, every statement included.
    """

    port: int
    log: Path

    def url(self, user: str = ADMIN, database: str = "postgres", password: str = PASSWORD) -> str:
        """Give the address of a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{self.port}/{database}"

    @contextmanager
    def connected(
        self, user: str = ADMIN, database: str = "postgres", *, autocommit: bool = True
    ) -> Iterator[adbc.Connection]:
        """Connect as a user."""
        with closing(connect(self.url(user, database), autocommit=autocommit)) as connection:
            yield connection

    def run(
        self, *statements: str, user: str = ADMIN, database: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """Execute statements and give the rows of the last one."""
        with self.connected(user, database) as connection:
            for statement in statements:
                rows = execute(connection, statement)
        return rows

    def add_user(self, name: str) -> str:
        """Make a user who may do nothing, and give their name."""
        self.run(f"create role {name} login password '{PASSWORD}'")
        return name

    def add_database(self, name: str, options: str = "") -> str:
        """Make a database, and give its name."""
        self.run(f"create database {name} {options}")
        return name


def execute(connection: adbc.Connection, statement: str) -> list[tuple[Any, ...]]:
    """Execute a statement and give its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def programs() -> Path | None:
    """Find the folder of initdb; Debian keeps it out of the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3])
    )
    return debian[-1].parent if debian else None


@contextmanager
def started(binaries: Path) -> Iterator[Server]:
    """Make a cluster and run it; as root, in the name of the user postgres of Debian's package."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = "postgres" if os.getuid() == 0 else getpass.getuser()
    shutil.chown(folder, user)
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    (folder / "password").chmod(0o644)
    log = folder / "log"

    def run(program: str, *arguments: str) -> None:
        with log.open("a") as output:
            subprocess.run(
                [binaries / program, *arguments],
                cwd=folder,
                user=user if os.getuid() == 0 else None,
                group=user if os.getuid() == 0 else None,
                extra_groups=[] if os.getuid() == 0 else None,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                check=True,
            )

    data = str(folder / "data")
    try:
        run(
            *("initdb", "--pgdata", data, "--username", ADMIN, "--pwfile", "password"),
            *("--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
        )
        port = _free_port()
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "log_statement": "all",
        }
        settings = " ".join(f"-c {name}={value}" for name, value in options.items())
        run("pg_ctl", "--pgdata", data, "--wait", "--options", f"-p {port} {settings}", "start")
        try:
            yield Server(port, log)
        finally:
            run("pg_ctl", "--pgdata", data, "--wait", "--mode", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
