"""Ids that nobody can turn back without the key."""

from __future__ import annotations

import hashlib
import hmac

import pyarrow as pa
import pytest

from segmentation.errors import InputError
from segmentation.pseudonyms import key_from_environment, pseudonym, pseudonyms_of


def test_it_is_the_hmac_of_the_id() -> None:
    """RFC 4231, test case 2, whose HMAC-SHA256 begins 5bdcc146bf60754e6a042426."""
    assert pseudonym("what do ya want for nothing?", b"Jefe") == "p5bdcc146bf60754e6a04"
    by_hand = hmac.new(b"key", "客户 1".encode(), hashlib.sha256).hexdigest()
    assert pseudonym("客户 1", b"key") == f"p{by_hand[:20]}"


def test_another_key_gives_another_one() -> None:
    assert pseudonym("1", b"a") != pseudonym("1", b"b") != pseudonym("2", b"b")


def test_of_a_column() -> None:
    given = pseudonyms_of(lambda: b"key")(pa.array(["1", None, "1"]))
    assert given.to_pylist() == [pseudonym("1", b"key"), None, pseudonym("1", b"key")]


@pytest.mark.parametrize(("key", "fault"), [(None, "is not set"), ("abc123XY", "is too short")])
def test_a_key_that_is_none_is_refused(
    key: str | None, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PSEUDONYM_KEY", raising=False)
    if key:
        monkeypatch.setenv("PSEUDONYM_KEY", key)
    with pytest.raises(InputError, match=f"PSEUDONYM_KEY {fault}") as error:
        key_from_environment()
    assert key is None or key not in str(error.value)


def test_the_key_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSEUDONYM_KEY", "a secret of some length")
    assert key_from_environment() == b"a secret of some length"
