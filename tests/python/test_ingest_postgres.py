"""Customers from a table in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from click.testing import CliRunner
from postgres_server import PASSWORD, Server

from segmentation.cli import main
from segmentation.dictionary.attributes import Attribute
from segmentation.errors import InputError
from segmentation.ingest.customer_file import open_customers, read_customers

TABLE = """
create table sales."Our customers" as
select *
from (
    values
    ('C10', 1234.50::numeric, 0.1::real, true, date '2025-07-28', '2025-07-28'::timestamp, ' '),
    ('C9', 'NaN'::numeric, 'Infinity'::real, false, null, timestamp '2025-07-28 09:30', ''),
    ('Ä1', null, 1e20::real, null, date '1999-12-31', null, E'two\\nlines, 服装; "x"')
) as rows (cust_no, "月均消耗", rate, is_new, since, seen, category)
"""


@pytest.fixture(scope="module")
def database(postgres: Server) -> Iterator[str]:
    name = postgres.add_database("source")
    postgres.run(
        f"alter database {name} set datestyle to 'German'",
        "create schema sales",
        TABLE,
        "create view sales.some as select * from sales.\"Our customers\" where cust_no ~ '^C'",
        "create table sales.nobody (cust_no text)",
        'create schema "crm.old"',
        "create domain money_of_shop as numeric(20, 10)",
        'create table "crm.old"."customers" as select \'C1\' as cust_no, '
        "999::numeric(20, 10) as 月均消耗, 1000::money_of_shop as rate, 'x' as category",
        'create table "v1.customers" as select * from "crm.old"."customers"',
        "create type size as enum ('small')",
        "create table many as select i::text as cust_no, i as 月均消耗, 'small'::size as category "
        "from generate_series(1, 100000) as t(i)",
        database=name,
    )
    yield name
    postgres.run(f"drop database {name} with (force)")


def read(location: str, attributes: list[Attribute]) -> pa.Table:
    with duckdb.connect() as connection:
        customers = open_customers(location, attributes, connection)
        assert PASSWORD not in repr(customers)
        assert customers.modified_at is None
        return connection.from_arrow(read_customers(customers, connection)).to_arrow_table()


def address(server: Server, database: str, table: str, **who: str) -> str:
    return f"{server.url(database=database, **who)}?table={table}"


def test_every_value_is_text_in_the_order_of_the_id(
    postgres: Server, database: str, attributes: list[Attribute]
) -> None:
    table = read(address(postgres, database, "sales.Our%20customers"), attributes)
    names = ["customer_id", "spend", "rate", "is_new", "since", "seen", "category"]
    assert table.column_names == ["_row_number", "_file_name", "_read_error", "_raw_line", *names]
    assert table["_file_name"].null_count == 3
    assert [tuple(row.values()) for row in table.drop_columns("_file_name").to_pylist()] == [
        (1, None, None, "C10", "1234.5", "0.1", "true", "2025-07-28", "2025-07-28", " "),
        (2, None, None, "C9", "NaN", "Infinity", "false", None, "2025-07-28 09:30:00", None),
        (3, None, None, "Ä1", None, "1e+20", None, "1999-12-31", None, 'two\nlines, 服装; "x"'),
    ]


def test_a_view_and_a_table_on_the_search_path(
    postgres: Server, database: str, attributes: list[Attribute]
) -> None:
    assert read(address(postgres, database, "sales.some"), attributes).num_rows == 2
    table = read(address(postgres, database, "many"), attributes)
    assert table.num_rows == 100_000
    assert table["customer_id"][1].as_py() == "10"
    assert table["_row_number"][-1].as_py() == 100_000


def test_numbers_are_written_as_a_file_would_write_them(
    postgres: Server, database: str, attributes: list[Attribute]
) -> None:
    rows = read(address(postgres, database, "v1.customers"), attributes).to_pylist()
    assert [(row["spend"], row["rate"]) for row in rows] == [("999", "1000")]


@pytest.mark.parametrize("table", ["v1.customers", "crm.old.customers", "public.v1.customers"])
def test_a_dot_in_a_name(
    postgres: Server, database: str, attributes: list[Attribute], table: str
) -> None:
    assert read(address(postgres, database, table), attributes).num_rows == 1


def test_what_cannot_be_read(postgres: Server, database: str, attributes: list[Attribute]) -> None:
    guest = postgres.add_user("stranger")
    some = address(postgres, database, "sales.some")
    for location, message in {
        postgres.url(database=database): "which table holds the customers? Add ?table=",
        address(postgres, database, "sales.customer"): "there is no table sales.customer; the "
        "nearest is sales.Our customers. Write it as schema.table",
        address(postgres, database, "some"): "there is no table some; the nearest is sales.some.",
        address(postgres, database, "sales.nobody"): "the table has no row",
        some.replace("some", "some;drop"): "there is no table sales.some;drop",
        address(postgres, database, "sales.some", user=guest): "permission denied for schema sales",
        address(postgres, database, "many", user=guest): "permission denied for table many. Check",
        address(postgres, database, "many", password="wrong"): "password authentication failed",
        f"postgresql://{PASSWORD}@host/crm": "is not clear",
    }.items():
        with pytest.raises(InputError) as error:
            read(location, attributes)
        assert message in str(error.value)
        assert PASSWORD not in str(error.value)
        assert "geh" not in str(error.value)


def test_missing_columns_are_named_without_the_password(
    postgres: Server, database: str, attributes: list[Attribute]
) -> None:
    postgres.run("create table sales.few as select 1 as cust_no", database=database)
    with pytest.raises(InputError, match=r"^postgresql://boss:\*\*\*@.*2 required columns are"):
        read(address(postgres, database, "sales.few"), attributes)


def test_a_connection_that_breaks_while_rows_are_read(
    postgres: Server, database: str, attributes: list[Attribute]
) -> None:
    with duckdb.connect() as connection:
        location = address(postgres, database, "many")
        reader = read_customers(open_customers(location, attributes, connection), connection)
        postgres.run(
            "select pg_terminate_backend(pid)::text from pg_stat_activity "
            f"where application_name = 'segmentation' and datname = '{database}'"
        )
        with pytest.raises(InputError, match=r"the table cannot be read: .*terminat") as error:
            reader.read_all()
    assert PASSWORD not in str(error.value)


def test_a_dictionary_is_proposed_for_a_table(
    postgres: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    location = address(postgres, database, "many", password="")
    command = ["dictionary", "start", location, "--output", str(tmp_path / "seeds")]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    assert "cust_no" in result.output
    assert PASSWORD not in result.output
