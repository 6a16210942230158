"""Stand-ins for customer ids: the same for an id and a key, and of no use without the key."""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable

import pyarrow as pa

from segmentation.errors import InputError

KEY_VARIABLE = "PSEUDONYM_KEY"
LEAST_KEY = 16
_DIGITS = 20


def key_from_environment() -> bytes:
    """Read the key that pseudonyms are made with.

    dbt never sees it: what dbt's own `env_var` reads may come to stand in dbt's files.

    Raises
    ------
    InputError
        The variable is not set, or too short to be a secret.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    if len(key) < LEAST_KEY:
        raise InputError(
            f"The var pseudonymize is true, but the environment variable {KEY_VARIABLE} "
            f"{'is too short' if key else 'is not set'}. Set it to a secret of at least "
            f"{LEAST_KEY} characters, the same one every quarter: with another key every customer "
            "is a new one."
        )
    return key.encode()


def pseudonym(customer_id: str, key: bytes) -> str:
    """Give the stand-in of an id: ``p`` and the first 20 hexadecimal digits of its HMAC-SHA256.

    Two of ten million customers share one with a probability below 1e-10 [1]_.

    Parameters
    ----------
    customer_id : str
    key : bytes
        As `key_from_environment` gives it.

    References
    ----------
    .. [1] RFC 2104, HMAC: Keyed-Hashing for Message Authentication; ENISA, Pseudonymisation
       techniques and best practices, 2019.
    """
    return "p" + hmac.digest(key, customer_id.encode(), "sha256").hex()[:_DIGITS]


def pseudonyms_of(key: Callable[[], bytes]) -> Callable[[pa.Array], pa.Array]:
    """Make the function of SQL that gives the pseudonyms of a column of ids.

    Parameters
    ----------
    key : callable
        Gives the key; called when the first ids come.

    Returns
    -------
    callable
        From an array of ids to one of pseudonyms; null for null.
    """

    def of_column(ids: pa.Array) -> pa.Array:
        secret = key()
        return pa.array(
            (None if name is None else pseudonym(name, secret) for name in ids.to_pylist()),
            type=pa.string(),
        )

    return of_column
