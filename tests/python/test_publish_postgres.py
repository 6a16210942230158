"""Marts in PostgreSQL: replaced all at once or not at all, whatever happens."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import adbc_driver_manager.dbapi as adbc
import duckdb
import pytest
from click.testing import CliRunner
from postgres_server import PASSWORD, Server, execute

from segmentation.cli import main
from segmentation.errors import InputError
from segmentation.postgres import read_url
from segmentation.publish.duckdb_file import write_published
from segmentation.publish.marts import ForeignKey, Mart
from segmentation.publish.postgres import publish_to_postgres

COLOURS = Mart(
    "shop",
    "main",
    "dim_colours",
    "Colours, it's said. $all$",
    {"colour": "The colour · 颜色.", "label": "", "price": "In USD, as \\ says."},
    frozenset({"colour", "label"}),
    (("colour",), ("label", "price")),
    (),
)
SALES = Mart(
    "shop",
    "main",
    "fct_sales",
    "Sales.",
    {"id": "", "colour": "", "version": ""},
    frozenset({"id"}),
    (("id",),),
    (ForeignKey(("colour",), "dim_colours", ("colour",)),),
)
MARTS = [COLOURS, SALES]
VERSIONS = (
    "select (select min(price) from s.dim_colours) as price, "
    "(select min(version) from s.fct_sales) as version"
)


@pytest.fixture
def database(postgres: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own."""
    name = "d" + str(abs(hash(request.node.name)))
    yield postgres.add_database(name)
    postgres.run(f"drop database {name} with (force)")


def shop(folder: Path, version: int = 1, marts: Sequence[Mart] = MARTS) -> Path:
    """Write a published copy; every number in it is its version."""
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(
            "create or replace table dim_colours as "
            f"select colour, '红' || chr(0) as label, {version}::decimal(9, 2) as price "
            "from (values ('red'), ('blue'), (null)) as t(colour) where colour is not null"
        )
        connection.execute("update dim_colours set label = colour where colour = 'blue'")
        connection.execute(
            "create or replace table fct_sales as "
            f"select i::integer as id, 'red' as colour, {version}::bigint as version "
            "from range(5000) as t(i)"
        )
        return write_published(connection.cursor(), marts, folder)


def publish(
    server: Server,
    database: str,
    published: Path,
    *,
    user: str = "boss",
    marts: Sequence[Mart] = MARTS,
    patience: float = 1,
) -> None:
    publish_to_postgres(published, marts, read_url(server.url(user, database)), "s", patience)


def new_relations(server: Server, database: str) -> list[tuple[str]]:
    """Find what a publication has made beside the old marts."""
    query = "select relname::text from pg_class where relname like '%\\_\\_new%'"
    return server.run(query, database=database)


@contextmanager
def refused(
    server: Server, database: str, *messages: str, left_behind: bool = False
) -> Iterator[None]:
    """Expect a message, without the password, and the old marts as they were."""
    look = "select string_agg(x::text, ' ' order by x::text) from s.{} as x"
    before = [server.run(look.format(mart.name), database=database) for mart in MARTS]
    with pytest.raises(InputError) as error:
        yield
    said = str(error.value)
    for message in (*messages, "nothing was published into the schema s"):
        assert message in said
    assert "create" not in said.split(" Let ")[0]
    assert said.endswith("The marts in PostgreSQL are as they were.")
    assert PASSWORD not in said
    assert before == [server.run(look.format(mart.name), database=database) for mart in MARTS]
    assert bool(new_relations(server, database)) == left_behind


def test_types_rows_and_comments(postgres: Server, database: str, tmp_path: Path) -> None:
    publish(postgres, database, shop(tmp_path))
    types = postgres.run(
        "select table_name, column_name, data_type, is_nullable from information_schema.columns "
        "where table_schema = 's' order by table_name, ordinal_position",
        database=database,
    )
    assert types == [
        ("dim_colours", "colour", "text", "NO"),
        ("dim_colours", "label", "text", "NO"),
        ("dim_colours", "price", "double precision", "YES"),
        ("fct_sales", "id", "integer", "NO"),
        ("fct_sales", "colour", "text", "YES"),
        ("fct_sales", "version", "bigint", "YES"),
    ]
    assert postgres.run("select * from s.dim_colours order by 1", database=database) == [
        ("blue", "blue", 1.0),
        ("red", "红", 1.0),
    ]
    assert postgres.run("select count(*) from s.fct_sales", database=database) == [(5000,)]
    comments = postgres.run(
        "select obj_description('s.dim_colours'::regclass), col_description("
        "'s.dim_colours'::regclass, 1), col_description('s.dim_colours'::regclass, 3)",
        database=database,
    )
    assert comments == [(COLOURS.description, COLOURS.columns["colour"], COLOURS.columns["price"])]


def test_keys_and_indexes_have_the_same_names_after_every_publication(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    marts = [COLOURS, dataclasses.replace(SALES, keys=(("colour", "id"), ("version", "id")))]
    for version in (1, 2):
        publish(postgres, database, shop(tmp_path, version, marts), marts=marts)
        constraints = postgres.run(
            "select conname::text, pg_get_constraintdef(oid) from pg_constraint "
            "where connamespace = 's'::regnamespace and contype in ('p', 'u', 'f') order by 1",
            database=database,
        )
        assert constraints == [
            ("dim_colours_key2", "UNIQUE NULLS NOT DISTINCT (label, price)"),
            ("dim_colours_pkey", "PRIMARY KEY (colour)"),
            ("fct_sales_fkey1", "FOREIGN KEY (colour) REFERENCES s.dim_colours(colour)"),
            ("fct_sales_key1", "UNIQUE NULLS NOT DISTINCT (colour, id)"),
            ("fct_sales_key2", "UNIQUE NULLS NOT DISTINCT (version, id)"),
        ]
    publish(postgres, database, shop(tmp_path))
    indexes = "select indexname::text from pg_indexes where schemaname = 's' order by 1"
    assert [name for (name,) in postgres.run(indexes, database=database)] == [
        "dim_colours_key2",
        "dim_colours_pkey",
        "fct_sales_idx1",
        "fct_sales_pkey",
    ]


def test_a_mart_without_its_parent(postgres: Server, database: str, tmp_path: Path) -> None:
    publish(postgres, database, shop(tmp_path, marts=[SALES]), marts=[SALES])
    assert postgres.run("select count(*) from s.fct_sales", database=database) == [(5000,)]


def test_grants_owner_and_views_are_kept(postgres: Server, database: str, tmp_path: Path) -> None:
    publisher, team, reader = (postgres.add_user(name) for name in ("pam", '"Team B"', "rita"))
    postgres.run(
        f"grant {team} to {publisher}",
        f"create schema s authorization {publisher}",
        f"grant usage on schema s to {reader}",
        f"create schema marketing authorization {publisher}",
        f"grant create, usage on schema s, marketing to {team}",
        database=database,
    )
    publish(postgres, database, shop(tmp_path), user=publisher)
    postgres.run(
        f"grant select on s.dim_colours to {reader} with grant option",
        f"grant select (id, version) on s.fct_sales to {reader}",
        "grant select on s.dim_colours to public",
        f"alter table s.dim_colours owner to {team}",
        "create view marketing.reds with (security_barrier=true) as "
        "select colour, price from s.dim_colours where colour = 'red'",
        'create view s."Red sales" as select * from marketing.reds join s.fct_sales using (colour)',
        f"alter view marketing.reds owner to {team}",
        f"grant select on marketing.reds to {reader}",
        "comment on view marketing.reds is 'The reds'",
        "comment on column marketing.reds.price is 'In USD'",
        f"alter default privileges in schema s grant select, delete on tables to {reader}",
        user=publisher,
        database=database,
    )
    look = (
        "select relname::text, pg_get_userbyid(relowner)::text, array(select privilege_type || "
        "grantee::regrole || is_grantable from aclexplode(relacl) where grantee != relowner "
        "order by 1)::text, "
        "(select string_agg(attname || attacl::text, ',' order by attname) from pg_attribute "
        "where attrelid = c.oid), reloptions::text, obj_description(oid, 'pg_class'), "
        "array(select description from pg_description where objoid = c.oid "
        "order by objsubid)::text from "
        "pg_class as c where relnamespace in ('s'::regnamespace, 'marketing'::regnamespace) "
        "and relkind in ('r', 'v') order by 1"
    )
    before = postgres.run(look, database=database)
    publish(postgres, database, shop(tmp_path, version=2), user=publisher)
    after = postgres.run(look, database=database)
    assert len(before) == 4
    for old, new in zip(before, after, strict=True):
        assert new == old
    rows = postgres.run('select distinct price, version from s."Red sales"', database=database)
    assert rows == [(2.0, 2)]
    assert postgres.run("select price from s.dim_colours", user=reader, database=database)
    with pytest.raises(adbc.Error, match="permission denied"):
        postgres.run("select colour from s.fct_sales", user=reader, database=database)


def test_a_view_of_somebody_who_may_only_read(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    publisher, analyst, reader = (postgres.add_user(name) for name in ("paul", "anna", "ron"))
    postgres.run(
        f"create schema s authorization {publisher}",
        f"create schema anna authorization {analyst}",
        f"grant usage on schema s to {analyst}",
        f"grant usage on schema anna to {reader}",
        database=database,
    )
    publish(postgres, database, shop(tmp_path), user=publisher)
    postgres.run(f"grant select on s.fct_sales to {analyst}", user=publisher, database=database)
    postgres.run(
        "create view anna.latest as select max(version) from s.fct_sales",
        f"grant select on anna.latest to {reader}",
        user=analyst,
        database=database,
    )
    rights = (
        'the view "anna"."latest" of "anna"',
        'grant "anna" to "paul"; grant usage, create on schema "anna" to "paul", "anna".',
    )
    with refused(postgres, database, *rights):
        publish(postgres, database, shop(tmp_path, version=2), user=publisher)
    publish(postgres, database, shop(tmp_path, version=2))  # a superuser may everything
    look = "select * from anna.latest"
    assert postgres.run(look, user=reader, database=database) == [(2,)]
    postgres.run(
        f"grant {analyst} to {publisher}",
        f"grant usage, create on schema anna to {publisher}",
        database=database,
    )
    publish(postgres, database, shop(tmp_path, version=3), user=publisher)
    assert postgres.run(look, user=reader, database=database) == [(3,)]
    owner = "select pg_get_userbyid(relowner)::text from pg_class where relname = 'latest'"
    assert postgres.run(owner, database=database) == [("anna",)]


def test_indexes_statistics_and_storage_parameters_are_kept(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    publish(postgres, database, shop(tmp_path))
    postgres.run(
        'create unique index "Fast sales" on s.fct_sales (version, id desc) where id > 7',
        "create statistics s.together on colour, version from s.fct_sales",
        "alter table s.fct_sales set (fillfactor=70, autovacuum_enabled=false)",
        database=database,
    )
    look = (
        "select indexdef from pg_indexes where schemaname = 's' union all "
        "select pg_get_statisticsobjdef(oid) from pg_statistic_ext union all "
        "select reloptions::text from pg_class where relname = 'fct_sales' order by 1"
    )
    before = postgres.run(look, database=database)
    assert len(before) == 7
    publish(postgres, database, shop(tmp_path, version=2))
    assert postgres.run(look, database=database) == before
    assert postgres.run("select 1 from pg_stats_ext", database=database) == [(1,)]


def test_a_mart_that_is_published_no_more(postgres: Server, database: str, tmp_path: Path) -> None:
    publish(postgres, database, shop(tmp_path))
    publish(postgres, database, shop(tmp_path, version=2, marts=[COLOURS]), marts=[COLOURS])
    assert postgres.run(VERSIONS, database=database) == [(2.0, 1)]
    publish(postgres, database, shop(tmp_path, version=3))
    assert postgres.run(VERSIONS, database=database) == [(3.0, 3)]
    links = "select conname::text from pg_constraint where conname like '%fkey%'"
    assert postgres.run(links, database=database) == [("fct_sales_fkey1",)]


def test_readers_see_all_old_marts_or_all_new_ones(
    postgres: Server, database: str, tmp_path: Path
) -> None:
    publish(postgres, database, shop(tmp_path))
    postgres.run(f"create view s.versions as {VERSIONS}", database=database)
    new = shop(tmp_path, version=2)
    seen: set[tuple[float, int]] = set()
    done = threading.Event()

    def look_all_the_time() -> None:
        with postgres.connected(database=database) as connection:
            while not done.is_set():
                seen.update(execute(connection, VERSIONS))
                seen.update(execute(connection, "select * from s.versions"))

    with ThreadPoolExecutor() as pool:
        looking = pool.submit(look_all_the_time)
        try:
            with postgres.connected(database=database, autocommit=False) as reader:
                assert execute(reader, VERSIONS) == [(1.0, 1)]
                publishing = pool.submit(publish, postgres, database, new, patience=60)
                time.sleep(1.5)  # by then it waits for the reader
                assert not publishing.done()
                assert execute(reader, VERSIONS) == [(1.0, 1)]
                reader.rollback()
                publishing.result(timeout=30)
                assert execute(reader, VERSIONS) == [(2.0, 2)]
            for version in range(3, 9):
                publish(postgres, database, shop(tmp_path, version), patience=60)
        finally:
            done.set()
        looking.result(timeout=30)
    assert {(1.0, 1), (8.0, 8)} <= seen <= {(float(version), version) for version in range(1, 9)}


class TestRefusals:
    """Everything that can go wrong leaves the marts as they were and says what to do."""

    @pytest.fixture
    def published(self, postgres: Server, database: str, tmp_path: Path) -> Path:
        """A newer copy than the one that is in the database."""
        publish(postgres, database, shop(tmp_path))
        return shop(tmp_path, version=2)

    def test_a_reader_that_stays(self, postgres: Server, database: str, published: Path) -> None:
        with (
            postgres.connected(database=database, autocommit=False) as reader,
            refused(postgres, database, "session ", "of boss", "pg_terminate_backend"),
        ):
            execute(reader, "select * from s.fct_sales limit 1")
            publish(postgres, database, published)
        publish(postgres, database, published)

    def test_somebody_else_who_publishes(
        self, postgres: Server, database: str, published: Path
    ) -> None:
        with (
            postgres.connected(database=database, autocommit=False) as other,
            refused(postgres, database, "somebody else is publishing", "when they have done"),
        ):
            key = "hashtextextended('segmentation publish s', 0)"
            execute(other, f"select pg_advisory_xact_lock({key})::text")
            publish(postgres, database, published)

    def test_no_right_to_make_the_schema_or_to_write_into_it(
        self, postgres: Server, database: str, published: Path
    ) -> None:
        guest = postgres.add_user("guest")
        messages = ("permission denied", 'create schema "s" authorization guest')
        with refused(postgres, database, *messages):
            publish(postgres, database, published, user=guest)
        url = read_url(postgres.url(guest, database))
        with pytest.raises(InputError, match="permission denied for database"):
            publish_to_postgres(published, MARTS, url, "another")
        postgres.run(f"grant create, usage on schema s to {guest}", database=database)
        with refused(postgres, database, "permission denied for table", "belong to guest too"):
            publish(postgres, database, published, user=guest)

    @pytest.mark.parametrize(
        ("event", "tag", "code", "advice"),
        [
            ("ddl_command_start", "CREATE INDEX", "disk_full", "Make room on the server's disk"),
            (
                "ddl_command_end",
                "ALTER INDEX",
                "out_of_memory",
                "Give the server, or this user, more",
            ),
            ("ddl_command_end", "COMMENT", "too_many_connections", "more of it"),
            ("ddl_command_end", "COMMENT", "query_canceled", "without a statement_timeout"),
            ("ddl_command_end", "COMMENT", "admin_shutdown", "when the server is there"),
        ],
    )
    def test_a_server_that_fails_in_the_middle(
        self,
        postgres: Server,
        database: str,
        published: Path,
        event: str,
        tag: str,
        code: str,
        advice: str,
    ) -> None:
        postgres.run(
            "create function fail() returns event_trigger language plpgsql as "
            f"$$ begin raise {code} using message = 'could not extend file'; end $$",
            f"create event trigger fail on {event} when tag in ('{tag}') execute function fail()",
            database=database,
        )
        with refused(postgres, database, "could not extend file", advice):
            publish(postgres, database, published)

    def test_room_for_temporary_files_that_is_used_up(
        self, postgres: Server, database: str, published: Path, tmp_path: Path
    ) -> None:
        poor = postgres.add_user("poor")
        postgres.run(
            f"alter role {poor} set temp_file_limit = '64kB'",
            f"alter role {poor} set maintenance_work_mem = '1MB'",
            f"grant create on database {database} to {poor}",
        )
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
            connection.execute(
                "create or replace table fct_sales as select i::integer as id, 'red' as colour, "
                "2::bigint as version from range(200000) as t(i)"
            )
            large = write_published(connection.cursor(), MARTS, tmp_path)
        with pytest.raises(InputError, match=r"temporary file size exceeds .* publish again"):
            publish_to_postgres(large, MARTS, read_url(postgres.url(poor, database)), "poor")
        schemas = "select 1 from pg_namespace where nspname = 'poor'"
        assert postgres.run(schemas, database=database) == []

    def test_a_connection_that_breaks(
        self, postgres: Server, database: str, published: Path
    ) -> None:
        postgres.run(
            "create function quit() returns event_trigger language plpgsql as "
            "$$ begin perform pg_terminate_backend(pg_backend_pid()); end $$",
            "create event trigger quit on ddl_command_end when tag in ('ALTER INDEX') "
            "execute function quit()",
            database=database,
        )
        with refused(postgres, database, "FATAL: terminating connection", left_behind=True):
            publish(postgres, database, published)
        postgres.run("drop event trigger quit", database=database)
        publish(postgres, database, published)
        assert new_relations(postgres, database) == []
        assert postgres.run(VERSIONS, database=database) == [(2.0, 2)]

    def test_marts_that_do_not_fit_together(
        self, postgres: Server, database: str, published: Path, tmp_path: Path
    ) -> None:
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
            connection.execute("delete from dim_colours where colour = 'red'")
            unfit = write_published(connection.cursor(), MARTS, tmp_path)
        with refused(postgres, database, "Key (colour)=(red) is not present", "whole dbt build"):
            publish(postgres, database, unfit)

    def test_a_type_without_a_counterpart(
        self, postgres: Server, database: str, published: Path, tmp_path: Path
    ) -> None:
        with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
            connection.execute("alter table dim_colours alter price type double[] using [1.0]")
            odd = write_published(connection.cursor(), MARTS, tmp_path)
        with pytest.raises(InputError, match=r"dim_colours.price is a DOUBLE\[\].* Cast it in"):
            publish(postgres, database, odd)

    @pytest.mark.parametrize(
        ("statement", "message"),
        [
            ("create materialized view s.m as select * from s.fct_sales", "plain view"),
            ("alter table s.fct_sales enable row level security", "row-level security"),
            ("create policy mine on s.fct_sales using (id < 9)", "row-level security"),
            ("create rule mine as on delete to s.fct_sales do instead nothing", "has a rule"),
            ("alter table s.fct_sales add check (id >= 0)", "has a constraint, which the new"),
            (
                "create table mine (colour text references s.dim_colours)",
                "constraint mine_colour_fkey on table mine depends on table s.dim_colours",
            ),
            (
                "create view s.v as select label as gone from s.dim_colours",
                "column dim_colours.label does not exist",
            ),
        ],
    )
    def test_what_cannot_be_kept(
        self, postgres: Server, database: str, tmp_path: Path, statement: str, message: str
    ) -> None:
        publish(postgres, database, shop(tmp_path))
        postgres.run(statement, database=database)
        marts = MARTS
        if "gone" in statement:
            with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
                connection.execute("alter table dim_colours drop column label")
                columns = {"colour": "", "price": ""}
                marts = [
                    dataclasses.replace(COLOURS, columns=columns, keys=(("colour",),)),
                    SALES,
                ]
                published = write_published(connection.cursor(), marts, tmp_path)
        else:
            published = shop(tmp_path, version=2)
        with refused(postgres, database, message):
            publish(postgres, database, published, marts=marts)

    def test_a_database_in_another_encoding(self, postgres: Server, tmp_path: Path) -> None:
        postgres.add_database("latin", "encoding 'LATIN1' template template0")
        with pytest.raises(InputError, match=r"has no equivalent in encoding .* encoding UTF8"):
            publish(postgres, "latin", shop(tmp_path))


def test_no_connection(postgres: Server, tmp_path: Path) -> None:
    published = shop(tmp_path)
    right = postgres.url()
    for url, reason in {
        postgres.url(password="wrong/pass"): 'password authentication failed for user "boss"',
        postgres.url(user="nobody"): "password authentication failed",
        postgres.url(database="nowhere"): 'database "nowhere" does not exist',
        right.replace(f":{postgres.port}/", ":1/"): "Connection refused",
        right.replace("127.0.0.1", "no.such.host.invalid"): "could not translate host name",
    }.items():
        with pytest.raises(InputError, match=": no connection: ") as error:
            publish_to_postgres(published, MARTS, read_url(url), "s")
        assert reason in str(error.value)
        assert "Check that the server runs" in str(error.value)
        for secret in (PASSWORD, "geh", "wrong"):
            assert secret not in str(error.value)


def test_the_command(
    postgres: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The command reads keys and words from dbt's manifest; the integration tests see to those.
    shop(tmp_path)
    monkeypatch.setattr("segmentation.publish.cli.read_marts", lambda path: MARTS)
    monkeypatch.setenv("PUBLISH_POSTGRES_URL", postgres.url(database=database))
    options = ["--database", tmp_path / "shop.duckdb", "--folder", tmp_path / "published"]
    options += ["--target-path", tmp_path]
    command = ["publish", *map(str, options)]
    result = CliRunner().invoke(main, [*command, "--schema", "My marts"])
    assert result.exit_code == 0, result.output
    assert "***" in result.output
    assert "2 marts published into the schema My marts." in result.output
    look = 'select count(*) from "My marts".fct_sales'
    assert postgres.run(look, database=database) == [(5000,)]
    result = CliRunner().invoke(main, [*command, "--to", postgres.url(password="wrong")])
    assert result.exit_code == 1
    assert "list of processes" in result.output
    assert "wrong" not in result.output
    monkeypatch.setenv("PGPASSWORD", "wrong")
    result = CliRunner().invoke(main, [*command, "--to", postgres.url(password="")])
    assert result.exit_code == 1
    assert "no connection" in result.output
    assert "wrong" not in result.output


def test_the_server_never_logs_the_password(postgres: Server, tmp_path: Path) -> None:
    publish(postgres, "postgres", shop(tmp_path))
    log = postgres.log.read_text(encoding="utf-8")
    assert "create table" in log
    assert not [line for line in log.splitlines() if PASSWORD in line and "create role" not in line]
