"""Addresses of PostgreSQL: read as libpq reads them, and never shown with a password."""

import pytest

from segmentation.errors import InputError
from segmentation.postgres import is_postgres_url, read_url

DEFAULTS = "client_encoding=UTF8&connect_timeout=10&fallback_application_name=segmentation"


@pytest.mark.parametrize(
    ("text", "uri", "shown"),
    [
        (
            "postgresql://ann:secret@db.example:5433/crm",
            f"postgresql://ann:secret@db.example:5433/crm?{DEFAULTS}",
            "postgresql://ann:***@db.example:5433/crm",
        ),
        (
            "POSTGRES://ann:p%40ss%2Fw%25@[::1]/crm?connect_timeout=3",
            f"postgresql://ann:p%40ss%2Fw%25@[::1]/crm?{DEFAULTS.replace('10', '3')}",
            "postgresql://ann:***@[::1]/crm?connect_timeout=3",
        ),
        (
            "postgresql://ann:p@ss@host/crm",
            f"postgresql://ann:p%40ss@host/crm?{DEFAULTS}",
            "postgresql://ann:***@host/crm",
        ),
        (
            "postgresql://a:1,b:2/crm?user=ann&password=a%26b",
            f"postgresql://a:1,b:2/crm?{DEFAULTS}&user=ann&password=a%26b",
            "postgresql://a:1,b:2/crm?user=ann&password=***",
        ),
        (
            "postgresql:///crm?host=%2Frun%2Fpostgresql",
            f"postgresql:///crm?{DEFAULTS}&host=%2Frun%2Fpostgresql",
            "postgresql:///crm?host=/run/postgresql",
        ),
        (
            "postgresql://ann@host/crm?table=sales.%E5%AE%A2%E6%88%B7",
            f"postgresql://ann@host/crm?{DEFAULTS}",
            "postgresql://ann@host/crm?table=sales.客户",
        ),
    ],
)
def test_addresses(text: str, uri: str, shown: str) -> None:
    assert is_postgres_url(text)
    url = read_url(text)
    assert url.uri == uri
    assert url.shown == shown
    assert url.has_password == ("***" in shown)
    assert "secret" not in repr(url)


def test_the_table_is_taken_out() -> None:
    assert read_url("postgresql://ann@host/crm?table=sales.customers").table == "sales.customers"
    assert read_url("postgresql://ann@host/crm").table is None


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://ann:sec/ret@host/crm",
        "postgresql://ann:sec?ret@host/crm",
        "postgresql://ann:sec#ret@host/crm",
        "postgresql://ann:12/secret@host/crm",
        "postgresql://ann:[secret@host/crm",
        "mysql://ann:secret@host/crm",
        "ann:secret@host",
    ],
)
def test_an_unclear_address_is_not_repeated(text: str) -> None:
    with pytest.raises(InputError, match="are %2F %3F %23 %40 %3A %25") as error:
        read_url(text)
    assert "sec" not in str(error.value)
    assert "ret" not in str(error.value).replace("written", "")


@pytest.mark.parametrize("text", ["", "data/customers.csv", "crm.customers", "mysql://a/b"])
def test_what_is_no_address(text: str) -> None:
    assert not is_postgres_url(text)
