"""Talk to PostgreSQL through ADBC; say what goes wrong plainly and never show a password."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import adbc_driver_manager.dbapi as adbc
from adbc_driver_postgresql.dbapi import connect

from segmentation.errors import InputError

_SCHEME = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_HOSTS = re.compile(r"([\w.~%-]*|\[[\da-f:.]+\])(:\d*)?", re.IGNORECASE)
_ALL_LINES = re.DOTALL | re.MULTILINE
_SECRET_PARAMETERS = (
    "password",
    "sslpassword",
    "oauth_client_secret",
    "scram_client_key",
    "scram_server_key",
)
_DEFAULTS = {
    "client_encoding": "UTF8",
    "connect_timeout": "10",
    "fallback_application_name": "segmentation",
}
_HOW_TO_WRITE_IT = (
    "Write it as postgresql://user:password@host:5432/database; in a user or a password the "
    "characters / ? # @ : % are %2F %3F %23 %40 %3A %25. The password may also stand in the "
    "environment variable PGPASSWORD or in ~/.pgpass."
)


@dataclass(frozen=True)
class PostgresUrl:
    """The address of a PostgreSQL database, and perhaps of a table in it.

    Attributes
    ----------
    uri : str
        For libpq; holds the password.
    shown : str
        For people: every password is ``***``.
    table : str or None
        What the URL's own parameter ``table`` names.
    has_password : bool
    """

    uri: str = field(repr=False)
    shown: str
    table: str | None
    has_password: bool


def is_postgres_url(text: str) -> bool:
    """Whether a text is meant as the address of a PostgreSQL database."""
    return _SCHEME.match(text) is not None


def read_url(text: str) -> PostgresUrl:
    """Take an address apart and write it anew, so that libpq finds in it what we do.

    Parameters
    ----------
    text : str
        As libpq takes it, ``postgresql://user:password@host:port/database?parameters``; the
        parameter ``table`` is ours and is taken out.

    Returns
    -------
    PostgresUrl

    Raises
    ------
    InputError
        It is no such address. The message does not repeat it: what is wrong may be a password.
    """
    match = _SCHEME.match(text)
    if match is None:
        raise InputError(f"This is no address of a PostgreSQL database. {_HOW_TO_WRITE_IT}")
    try:
        parts = urlsplit("postgresql://" + text[match.end() :].strip())
    except ValueError:
        parts = urlsplit("")
    login, _, hosts = parts.netloc.rpartition("@")
    if (
        not parts.scheme
        or parts.fragment
        or "@" in parts.path
        or not all(_HOSTS.fullmatch(host) for host in hosts.split(","))
    ):
        raise InputError(f"The address of the PostgreSQL database is not clear. {_HOW_TO_WRITE_IT}")

    user, _, password = (unquote(part) for part in login.partition(":"))
    parameters = dict(_DEFAULTS)
    given = {}
    for parameter in parts.query.split("&") if parts.query else []:
        name, _, value = (unquote(part) for part in parameter.partition("="))
        given[name] = value
    table = given.pop("table", None)
    parameters |= given
    secrets = [given[name] for name in _SECRET_PARAMETERS if given.get(name)]

    def written(password: str, parameters: dict[str, str]) -> str:
        login = quote(user, safe="") + (f":{password}" if password else "")
        query = "&".join(f"{name}={value}" for name, value in parameters.items())
        return (
            f"postgresql://{login}{'@' if login else ''}{hosts}{parts.path}"
            f"{'?' if query else ''}{query}"
        )

    uri = written(
        quote(password, safe=""),
        {quote(name, safe=""): quote(value, safe="") for name, value in parameters.items()},
    )
    shown = written(
        "***" if password else "",
        {name: "***" if name in _SECRET_PARAMETERS else value for name, value in given.items()}
        | ({"table": table} if table else {}),
    )
    return PostgresUrl(uri, shown, table, bool(password or secrets))


def refuse_password(text: str) -> None:
    """Stop when an argument of a command is an address with a password.

    Parameters
    ----------
    text : str
        The argument, of whatever kind.

    Raises
    ------
    InputError
        It holds a password, or is no clear address.
    """
    if is_postgres_url(text) and read_url(text).has_password:
        raise InputError(
            "The address holds a password, which every user of this machine sees in the list of "
            "processes. Leave it to the environment variable PGPASSWORD or to ~/.pgpass."
        )


@contextmanager
def connected(url: PostgresUrl) -> Iterator[adbc.Connection]:
    """Connect; a transaction is open from the first statement on and is rolled back at the end.

    Parameters
    ----------
    url : PostgresUrl
        The database.

    Raises
    ------
    InputError
        There is no connection.
    """
    try:
        connection = connect(url.uri)
    except adbc.Error as error:
        raise InputError(
            f"{url.shown}: no connection: {reason(error)}. Check that the server runs, and the "
            "host, port, database, user and password; the password may stand in the URL, in the "
            "environment variable PGPASSWORD or in ~/.pgpass."
        ) from None
    with closing(connection):
        yield connection


def run(connection: adbc.Connection, statement: str) -> list[tuple[Any, ...]]:
    """Execute one statement.

    Parameters
    ----------
    connection : Connection
        Where.
    statement : str
        A single statement; ADBC puts a query into COPY, which takes no SHOW.

    Returns
    -------
    list of tuple
        The rows of a query; else none.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def run_all(connection: adbc.Connection, statements: Iterable[str]) -> None:
    """Execute statements without results in one journey to the server.

    Parameters
    ----------
    connection : Connection
        Where.
    statements : iterable of str
        Each without a semicolon at its end.
    """
    body = "".join(f"{statement};\n" for statement in statements)
    run(connection, do(f"begin\n{body}end"))


def do(block: str) -> str:
    """Write the statement that executes a block of PL/pgSQL, whatever texts stand in it."""
    tag = "$all$"
    while tag in block:
        tag = tag[:-1] + "_$"
    return f"do {tag} {block} {tag}"


def reason(error: Exception) -> str:
    """Say in one line what the server says, without the statement that it says it of."""
    given = error.details if isinstance(error, adbc.Error) else None
    details = {_text(key): _text(value) for key, value in given or []}
    said = [
        details[key].rstrip(".")
        for key in ("PG_DIAG_MESSAGE_PRIMARY", "PG_DIAG_MESSAGE_DETAIL")
        if key in details
    ]
    plain = str(error).split("[libpq] ", 1)[-1].removeprefix("Failed to connect: ")
    if of_statement := re.match(r"Failed to execute query '.*?': (\S+: .*?)$", plain, _ALL_LINES):
        plain = of_statement[1]
    return " ".join((": ".join(said) or plain).split()).rstrip(".")


def _text(value: str | bytes) -> str:
    """Decode what ADBC gives as bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def literal(text: str) -> str:
    """Quote a text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'
