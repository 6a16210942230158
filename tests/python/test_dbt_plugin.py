from __future__ import annotations

import datetime
import gc
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import SourceConfig
from dbt_common.exceptions import DbtRuntimeError
from project import ROOT
from seed_samples import edit, write_seeds

from segmentation.ingest.dbt_plugin import SOURCE_SCHEMA, Plugin, ToDbt, make_folder

CUSTOMERS = "cust_no,月均消耗,Category,备注\nC1,1.50,服装,\nC2,2\nC3,,,x\n"


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    return write_seeds(tmp_path)


@pytest.fixture
def customer_file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text(CUSTOMERS, encoding="gb18030")
    return path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(tmp_path / "test.duckdb"), config={"threads": 4}) as connection:
        yield connection


@pytest.fixture
def plugin(connection: duckdb.DuckDBPyConnection) -> Iterator[BasePlugin]:
    plugin = BasePlugin.create("segmentation.ingest.dbt_plugin")
    plugin.configure_connection(connection)
    yield plugin
    gc.unfreeze()
    library = logging.getLogger("segmentation")
    library.handlers.clear()
    library.setLevel(logging.NOTSET)
    library.propagate = True


def source(table: str, customer_file: Path | str, seeds: Path) -> SourceConfig:
    meta = {"customer_file": str(customer_file), "seeds_dir": str(seeds)}
    return SourceConfig("crm", table, SOURCE_SCHEMA, "test", meta, [])


def create_table(
    plugin: BasePlugin, connection: duckdb.DuckDBPyConnection, config: SourceConfig
) -> None:
    """Do with what `load` gives what dbt-duckdb does."""
    with connection.cursor() as cursor:
        cursor.execute(f"create schema if not exists {config.schema}")
        cursor.register("source_df", plugin.load(config))
        cursor.execute(f"create or replace table {config.table_name()} as select * from source_df")


def test_the_plugin_has_the_name_that_the_sources_use(plugin: BasePlugin) -> None:
    assert isinstance(plugin, Plugin)
    assert plugin.name == "dbt_plugin"
    assert plugin.default_materialization() == "table"


def test_the_tables_of_the_source(
    plugin: BasePlugin, connection: duckdb.DuckDBPyConnection, customer_file: Path, seeds: Path
) -> None:
    for table in ("customers", "file_columns"):
        create_table(plugin, connection, source(table, customer_file, seeds))
    customers = connection.table("crm.customers")
    assert list(zip(customers.columns, map(str, customers.types), strict=True)) == [
        ("_row_number", "BIGINT"),
        ("_file_name", "VARCHAR"),
        ("_read_error", "VARCHAR"),
        ("_raw_line", "VARCHAR"),
        ("customer_id", "VARCHAR"),
        ("spend", "VARCHAR"),
        ("category", "VARCHAR"),
        ("备注", "VARCHAR"),
    ]
    assert customers.fetchall() == [
        (1, None, None, None, "C1", "1.50", "服装", None),
        (2, None, "2 fields, but the header has 4", "C2,2", None, None, None, None),
        (3, None, None, None, "C3", None, None, "x"),
    ]
    columns = connection.table("crm.file_columns")
    assert list(zip(columns.columns, map(str, columns.types), strict=True)) == [
        ("position", "INTEGER"),
        ("header", "VARCHAR"),
        ("column_name", "VARCHAR"),
        ("attribute", "VARCHAR"),
        ("file_modified_at", "TIMESTAMP"),
    ]
    modified = datetime.datetime.fromtimestamp(customer_file.stat().st_mtime, datetime.UTC)
    assert columns.fetchall() == [
        (position, header, name, attribute, modified.replace(tzinfo=None))
        for position, header, name, attribute in [
            (1, "cust_no", "customer_id", "customer_id"),
            (2, "月均消耗", "spend", "spend"),
            (3, "Category", "category", "category"),
            (4, "备注", "备注", None),
        ]
    ]


def test_a_table_of_the_same_database_is_read_in_parallel(
    plugin: BasePlugin, connection: duckdb.DuckDBPyConnection, seeds: Path
) -> None:
    connection.execute(
        "create table advertisers as "
        "select 'C' || i as customer_id, i / 2 as spend, 'x' as category from range(200000) t(i)"
    )
    configs = [source(table, "advertisers", seeds) for table in ("customers", "file_columns")]
    threads = [
        threading.Thread(target=create_table, args=(plugin, connection, config), daemon=True)
        for config in configs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert connection.sql(
        "select count(*) filter (customer_id = 'C' || (_row_number - 1)), "
        "count(*) filter (spend::double = (_row_number - 1) / 2) from crm.customers"
    ).fetchall() == [(200_000, 200_000)]
    assert connection.sql(
        "select count(*), count(file_modified_at) from crm.file_columns"
    ).fetchall() == [(3, 0)]


def test_a_fault_is_one_dbt_error_and_leaves_the_tables_as_they_were(
    plugin: BasePlugin, connection: duckdb.DuckDBPyConnection, customer_file: Path, seeds: Path
) -> None:
    config = source("customers", customer_file, seeds)
    create_table(plugin, connection, config)
    before = connection.table("crm.customers").fetchall()
    customer_file.write_text(CUSTOMERS + 'C4,1,"cut off')
    with pytest.raises(DbtRuntimeError) as error:
        create_table(plugin, connection, config)
    assert error.value.msg.startswith(f"{customer_file}: line 5: a quote opens in this row")
    assert error.value.__cause__ is None
    assert connection.table("crm.customers").fetchall() == before


def check(connection: duckdb.DuckDBPyConnection, customer_file: object, seeds: Path) -> str:
    location = None if customer_file is None else str(customer_file)
    with connection.cursor() as cursor:
        cursor.execute("begin")
        ((message,),) = cursor.execute(
            "select check_inputs(?, ?)", [location, str(seeds)]
        ).fetchall()
        cursor.execute("rollback")
    return message


@pytest.mark.usefixtures("plugin")
def test_inputs_in_order_give_an_empty_message(
    connection: duckdb.DuckDBPyConnection, customer_file: Path, seeds: Path
) -> None:
    connection.execute("create table t as select 1 as customer_id, 2 as spend, 'x' as category")
    assert check(connection, customer_file, seeds) == ""
    assert check(connection, "t", seeds) == ""


@pytest.mark.usefixtures("plugin")
def test_faults_of_the_inputs_are_told(
    connection: duckdb.DuckDBPyConnection, customer_file: Path, seeds: Path
) -> None:
    for location, message in {
        "nowhere.csv": "The customer file nowhere.csv does not exist (looked for ",
        "crm.customers": "crm.customers: the tables of the schema crm are written when",
        "test.CRM.file_columns": "the tables of the schema crm are written when",
    }.items():
        assert message in check(connection, location, seeds)
    customer_file.write_text("cust_no,spent\nC1,2\n")
    message = check(connection, customer_file, seeds)
    assert "2 required columns are missing:" in message
    assert 'spend (月均消耗, Monthly spend): the nearest header in the file is "spent"' in message
    edit(seeds, "category_flags", "is_fashion,category,服装", "is_fashion,category,衣服")
    assert "category_flags.csv:2" in check(connection, customer_file, seeds)


@pytest.mark.usefixtures("plugin")
def test_the_environment_names_the_file_where_the_var_does_not(
    connection: duckdb.DuckDBPyConnection,
    customer_file: Path,
    seeds: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUSTOMER_FILE", str(customer_file))
    assert check(connection, "", seeds) == check(connection, None, seeds) == ""
    assert "nowhere.csv does not exist" in check(connection, "nowhere.csv", seeds)
    monkeypatch.delenv("CUSTOMER_FILE")
    monkeypatch.chdir(customer_file.parent)
    assert "data/data_revised.csv does not exist" in check(connection, "", seeds)


@pytest.mark.usefixtures("plugin")
def test_no_password_in_a_var_and_none_in_a_message(
    connection: duckdb.DuckDBPyConnection,
    customer_file: Path,
    seeds: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for login in ("ann:secret@", ""):
        message = check(
            connection, f"postgresql://{login}x.invalid/d?table=t&password=secret", seeds
        )
        assert "The var customer_file holds a password" in message
        assert "secret" not in message
    monkeypatch.setenv("CUSTOMER_FILE", "postgresql://ann:secret@x.invalid/d?table=t")
    message = check(connection, "", seeds)
    assert message.startswith("postgresql://ann:***@x.invalid/d?table=t: no connection")
    assert "secret" not in message
    monkeypatch.setenv("PUBLISH_POSTGRES_URL", "postgresql://ann:sec/ret@x.invalid/d")
    message = check(connection, str(customer_file), seeds)
    assert message.startswith("PUBLISH_POSTGRES_URL: The address of the PostgreSQL database is not")
    assert "sec" not in message


def test_check_inputs_writes_nothing_but_the_schema_is_there_for_the_tables(
    plugin: BasePlugin, connection: duckdb.DuckDBPyConnection, customer_file: Path, seeds: Path
) -> None:
    schemas = "select schema_name from information_schema.schemata where catalog_name = 'test'"
    assert (SOURCE_SCHEMA,) in connection.execute(schemas).fetchall()
    assert plugin.check_inputs(str(customer_file), str(seeds)) == ""
    assert connection.execute("select table_name from information_schema.tables").fetchall() == []


def test_a_folder_is_made_from_sql(
    plugin: BasePlugin, connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "up" / "exports"
    for _ in range(2):
        assert connection.sql(f"select make_folder('{folder}', 'X')").fetchall() == [("",)]
        assert folder.is_dir()


def test_a_folder_that_cannot_be_made(customer_file: Path) -> None:
    message = make_folder(f"{customer_file}/exports", "EXPORTS_DIR")
    assert message.startswith(f"The folder {customer_file}/exports cannot be used: ")
    assert message.endswith("or name another one with the environment variable EXPORTS_DIR.")


@pytest.mark.usefixtures("plugin")
def test_the_garbage_collector_passes_over_what_was_there_before() -> None:
    assert gc.get_freeze_count() > 0


def test_the_log_of_the_library_goes_to_dbt_once(
    plugin: BasePlugin, monkeypatch: pytest.MonkeyPatch
) -> None:
    with duckdb.connect() as another:
        plugin.configure_connection(another)
    said: list[str] = []
    monkeypatch.setattr(ToDbt._dbt, "info", said.append)
    logging.getLogger("segmentation.selection.replicates").info("%d of %d", 2, 5)
    assert said == ["2 of 5"]


def test_a_database_that_cannot_be_opened(plugin: BasePlugin, tmp_path: Path) -> None:
    (tmp_path / "text.duckdb").write_text("no database")
    for name, message in (
        ("missing/x.duckdb", r"cannot be opened: IO Error: .*DBT_DUCKDB_PATH"),
        ("text.duckdb", r"cannot be opened: it is damaged, .* Move it and text.duckdb.wal away"),
    ):
        credentials = DuckDBCredentials(path=str(tmp_path / name), schema="main", database="x")
        with pytest.raises(DbtRuntimeError, match=message):
            plugin.update_connection_config(credentials, {})


def test_no_other_build_comes_between_the_check_and_dbts_opening(
    plugin: BasePlugin, tmp_path: Path
) -> None:
    path = str(tmp_path / "new.duckdb")

    def is_free() -> bool:
        opening = [sys.executable, "-c", f"import duckdb; duckdb.connect({path!r})"]
        return subprocess.run(opening, stderr=subprocess.DEVNULL, check=False).returncode == 0

    plugin.update_connection_config(DuckDBCredentials(path=path, schema="main", database="new"), {})
    assert not is_free()
    with duckdb.connect(path) as connection:
        plugin.configure_connection(connection)
        assert not is_free()
    assert is_free()


def test_nodes_go_on_after_one_that_spilled(tmp_path: Path) -> None:
    """What the profile sets is the database's, and not set anew by each node."""
    profile = yaml.safe_load((ROOT / "profiles.yml").read_text(encoding="utf-8"))
    output = profile["customer_segmentation"]["outputs"]["dev"]
    small = {"memory_limit": "60MB", "temp_directory": str(tmp_path / "spill")}
    credentials = DuckDBCredentials.from_dict(
        {
            "path": str(tmp_path / "test.duckdb"),
            "database": "test",
            "schema": "main",
            "settings": output.get("settings"),
            "config_options": output["config_options"] | small,
        }
    )
    environment = LocalEnvironment(credentials)
    environment.handle().cursor().execute(
        "create table sorted as from range(5_000_000) as numbers (n) order by hash(n)"
    )
    assert environment.handle().cursor().execute("select 1").fetchall() == [(1,)]
    environment.close()
