"""Text that tries to become code: formulas, SQL, XML, terminal commands, rights in PostgreSQL.

What already has tests stays there: SQL from categories in test_rules.py and test_dirty_file.py,
from seeds in test_dictionary.py, HTML in test_report.py, addresses in test_postgres_url.py.
"""

from __future__ import annotations

import ast
import re
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_manager.dbapi as adbc
import duckdb
import pytest
import xlsxwriter
from click.testing import CliRunner
from jinja_macros import ROOT, macro
from postgres_server import PASSWORD, Server
from seed_samples import write_seeds

from segmentation.cli import main
from segmentation.dictionary.attributes import load_dictionary
from segmentation.errors import InputError
from segmentation.forget.files import CsvFile
from segmentation.forget.traces import Customer
from segmentation.ingest.customer_file import open_customers, read_customers
from segmentation.postgres import read_url, refuse_password
from segmentation.publish.duckdb_file import write_published
from segmentation.publish.marts import Mart
from segmentation.publish.postgres import publish_to_postgres

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\u3000=1+1",
    "＝1+1",
    '=HYPERLINK("http://127.0.0.1/?"&A1,"look")',
    "-1+1",
    "+1;=2",
]
NO_FORMULAS = [
    "",
    "-",
    "-5",
    "+3.25",
    "-1,234.5",
    "-1e-05",
    "-12.5%",
    "a=b",
    "O'Brien",
    "服装",
    "5-6",
]
HOSTILE_NAMES = ["it's", 'a "b"', "'; drop table x; --", "[1]*.csv", "客户 {{ 1 }}", "$(id)`id`"]


def for_spreadsheets(text: str | None) -> str | None:
    """Write a text as an exported CSV holds it."""
    expression = macro("macros/spreadsheet_text.sql")("x")
    with duckdb.connect() as connection:
        query = f"select {expression} from (select $1::varchar as x)"
        found: str | None = connection.execute(query, [text]).fetchall()[0][0]
    return found


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_in_an_export_is_a_text(text: str) -> None:
    assert for_spreadsheets(text) == f"'{text}"


@pytest.mark.parametrize("text", [*NO_FORMULAS, None])
def test_what_is_no_formula_stays(text: str | None) -> None:
    assert for_spreadsheets(text) == text


def test_a_customer_whose_id_is_a_formula_is_forgotten(tmp_path: Path) -> None:
    export = tmp_path / "customer_segments.csv"
    export.write_text("customer_id,name\n'=1+1,A\n=1+1,B\n1+1,C\n", encoding="utf-8")
    CsvFile(export).clean(Customer("=1+1"))
    assert export.read_text(encoding="utf-8") == "customer_id,name\n1+1,C\n"


def test_a_message_holds_no_command_of_the_terminal(tmp_path: Path) -> None:
    attributes = load_dictionary(write_seeds(tmp_path) / "data_dictionary.csv")
    location = "x\x1b]0;owned\x07\x1b[2J\u202e.csv"
    with duckdb.connect() as connection, pytest.raises(InputError) as error:
        open_customers(location, attributes, connection)
    assert "x\ufffd]0;owned\ufffd\ufffd[2J\ufffd.csv does not exist" in str(error.value)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_paths_headers_and_values_are_no_sql(tmp_path: Path, name: str, kind: str) -> None:
    attributes = load_dictionary(write_seeds(tmp_path) / "data_dictionary.csv")
    folder = tmp_path / name
    folder.mkdir()
    path = folder / f"{name}.{kind}"
    header, target = name.replace('"', '""'), str(path).replace("'", "''")
    with duckdb.connect() as connection:
        connection.execute("create table x as select 1 as kept")
        connection.execute(
            f'copy (select $1 as cust_no, 5 as "月均消耗", $1 as category, $1 as "{header}") '
            f"to '{target}' (format {kind})",
            [name],
        )
        customers = open_customers(str(path), attributes, connection)
        (row,) = read_customers(customers, connection).read_all().to_pylist()
        assert [row["customer_id"], row["category"], row[customers.columns[3].column_name]] == (
            [name] * 3
        )
        assert connection.execute("from x").fetchall() == [(1,)]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_the_published_copy_in_a_folder_of_a_hostile_name(tmp_path: Path, name: str) -> None:
    mart = Mart("memory", "main", "dim", name, {"x": name}, frozenset(), (), ())
    with duckdb.connect() as connection:
        connection.execute("create table dim as select 1 as x")
        path = write_published(connection.cursor(), [mart], tmp_path / name)
    assert path.parent == tmp_path / name
    with duckdb.connect(str(path), read_only=True) as connection:
        comments = connection.execute("select comment from duckdb_tables()").fetchall()
    assert comments == [(name,)]


ENTITIES = {
    "a billion laughs": '<!ENTITY e0 "lollollollol">'
    + "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10)),
    "quadratic": f'<!ENTITY e8 "{"x" * 50_000}"><!ENTITY e9 "{"&e8;" * 20_000}">',
    "a file": '<!ENTITY e9 SYSTEM "file:///etc/passwd">',
}


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/workbook.xml"])
@pytest.mark.parametrize("trick", ENTITIES)
def test_a_workbook_with_entities(tmp_path: Path, trick: str, part: str) -> None:
    plain, path = tmp_path / "plain.xlsx", tmp_path / "customers.xlsx"
    with xlsxwriter.Workbook(plain) as workbook:
        sheet = workbook.add_worksheet("HERE")
        sheet.write_row(0, 0, ["cust_no", "月均消耗", "category"])
        sheet.write_row(1, 0, ["HERE", "5", "服装"])
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            text = old.read(name).decode()
            if name == part:
                declaration, _, body = text.partition("?>")
                assert "HERE" in body
                body = body.replace("HERE", "&e9;")
                text = f"{declaration}?><!DOCTYPE x [{ENTITIES[trick]}]>{body}"
            new.writestr(name, text)
    attributes = load_dictionary(write_seeds(tmp_path) / "data_dictionary.csv")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (
        duckdb.connect() as connection,
        pytest.raises(InputError, match=r"not a sound \.xlsx") as e,
    ):
        read_customers(open_customers(str(path), attributes, connection), connection).read_all()
    assert "root:" not in str(e.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000


UNSAFE_IMPORTS = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
UNSAFE_CALLS = {"eval", "exec", "os.system", "os.popen", "pd.read_pickle", "yaml.load"}


def test_no_code_runs_what_data_says() -> None:
    """Nothing is unpickled, evaluated or given to a shell."""
    found = []
    for folder in ("segmentation", "python_models", "examples"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    names = {alias.name for alias in node.names} | {getattr(node, "module", "")}
                    if names & UNSAFE_IMPORTS:
                        found.append(f"{path}:{node.lineno}")
                elif isinstance(node, ast.Call) and (
                    ast.unparse(node.func) in UNSAFE_CALLS
                    or any(word.arg in ("shell", "allow_pickle") for word in node.keywords)
                ):
                    found.append(f"{path}:{node.lineno}")
    assert found == []


@pytest.mark.parametrize(
    "command", [["publish", "--to"], ["dictionary", "start"]], ids=["publish", "dictionary"]
)
def test_no_password_in_the_list_of_processes(command: list[str]) -> None:
    for secret in (
        "ann:s3cret@host/crm",
        "host/crm?password=s3cret",
        "host?scram_client_key=s3cret",
    ):
        result = CliRunner().invoke(main, [*command, f"postgresql://{secret}"])
        assert result.exit_code == 1
        assert "list of processes" in result.output
        assert "s3cret" not in result.output
    refuse_password("postgresql://ann@host/crm")
    refuse_password("customers.csv")


MART = Mart("memory", "main", "dim_x", "", {"x": ""}, frozenset({"x"}), (("x",),), ())


@pytest.fixture
def marts(postgres: Server, tmp_path: Path) -> Iterator[str]:
    """A database with the roles of docs/bi.md, marts published twice, and what readers may not."""
    guide = (ROOT / "docs" / "bi.md").read_text(encoding="utf-8")
    block = guide.partition("### PostgreSQL, once")[2].split("```")[1]
    name = postgres.add_database("marts")
    postgres.run(*filter(str.strip, block.split(";\n")), database=name)
    for role in ("segmentation_publisher", "bi_reader"):
        # Other tests search the server's log for the password: `\password` would send its hash.
        postgres.run("set log_statement = none", f"alter role {role} password '{PASSWORD}'")
    postgres.run(
        "create schema private",
        "create table private.salaries as select 1 as amount",
        "create table public.notes as select 1 as note",
        database=name,
    )
    with duckdb.connect() as connection:
        connection.execute("create table dim_x as select 1 as x")
        published = write_published(connection.cursor(), [MART], tmp_path)
    url = read_url(postgres.url("segmentation_publisher", name))
    for _ in range(2):
        publish_to_postgres(published, [MART], url, "segmentation")
    yield name
    postgres.run(f"drop database {name} with (force)")
    postgres.run("drop role bi_reader", "drop role segmentation_publisher")


def test_the_reader_of_the_guide_can_read_marts_and_nothing_else(
    postgres: Server, marts: str
) -> None:
    def as_reader(*statements: str) -> list[tuple[object, ...]]:
        return postgres.run(
            "set default_transaction_read_only = off", *statements, user="bi_reader", database=marts
        )

    assert as_reader("select x from dim_x") == [(1,)]
    for statement in (
        "insert into dim_x values (2)",
        "update dim_x set x = 2",
        "delete from dim_x",
        "truncate dim_x",
        "drop table dim_x",
        "alter table dim_x add column y integer",
        "create index on dim_x (x)",
        "create table segmentation.mine (x integer)",
        "create table public.mine (x integer)",
        "create temporary table mine (x integer)",
        "create schema mine",
        "create function segmentation.f() returns integer language sql as 'select 1'",
        "create view segmentation.v as select 1 as x",
        "select * from private.salaries",
        "select * from public.notes",
        "select rolpassword::text from pg_authid",
        "select pg_read_file('/etc/passwd')",
        "copy dim_x to program 'id'",
        "copy dim_x to '/tmp/stolen'",
        "set role segmentation_publisher",
        "alter role bi_reader superuser",
        "select lo_import('/etc/passwd')::text",
    ):
        with pytest.raises(adbc.Error, match=r"permission denied|must be (owner|superuser)"):
            as_reader(statement)
    assert as_reader("select x from dim_x") == [(1,)]
    rights = as_reader(
        "select distinct table_schema::text, privilege_type::text "
        "from information_schema.table_privileges where grantee = 'bi_reader'"
    )
    assert rights == [("segmentation", "SELECT")]
    with pytest.raises(adbc.Error, match="read-only transaction"):
        postgres.run("insert into dim_x values (2)", user="bi_reader", database=marts)


def test_the_publisher_has_no_more_than_its_schema(postgres: Server, marts: str) -> None:
    for statement in (
        "create schema mine",
        "create table public.mine (x integer)",
        "select * from private.salaries",
        "copy segmentation.dim_x to program 'id'",
        "create role mine",
    ):
        with pytest.raises(adbc.Error, match=r"permission denied|must be superuser"):
            postgres.run(statement, user="segmentation_publisher", database=marts)


def test_every_locked_package_has_hashes_and_a_known_licence() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = re.findall(r"^([\w.-]+)==([^\s;]+)", lock, re.MULTILINE)
    blocks = re.split(r"^(?=[\w.-]+==)", lock, flags=re.MULTILINE)[1:]
    assert len(locked) == len(blocks)
    assert all("--hash=sha256:" in block for block in blocks)
    page = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([\w.-]+) \| (\d\S*) \| (.+) \|$", page, re.MULTILINE)
    assert [(name, version) for name, version, _ in rows] == locked
    assert "unknown" not in page
