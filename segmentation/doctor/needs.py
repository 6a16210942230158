"""What a build needs, by the number of customers: measured, see docs/benchmarks.md (Growth)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_GIB = 2**30
_CUSTOMERS = (10_000, 100_000, 1_000_000)
_MINUTES = (2.0, 3.7, 6.4)
_MEMORY = (1.8 * _GIB, 4.6 * _GIB, 9.0 * _GIB)
_DATABASE = (0.08 * _GIB, 0.45 * _GIB, 1.16 * _GIB)
_MINUTES_A_CUSTOMER = 0.44e-3 / 60 / 2
_DATABASE_A_CUSTOMER = 1250
LEAST_MEMORY = _MEMORY[0]
"""Bytes that the smallest measured build took."""


@dataclass(frozen=True)
class Needs:
    """What a build of so many customers takes.

    Attributes
    ----------
    minutes : float
        From file to report, on two cores.
    memory : float
        Bytes, where DuckDB need not spill.
    database : float
        Bytes of the database file.
    """

    minutes: float
    memory: float
    database: float


def estimate_needs(customers: int) -> Needs:
    """Read off what was measured; beyond a million customers by the constants of docs/scaling.md.

    Parameters
    ----------
    customers : int
        Rows of the customer file.
    """
    beyond = max(0, customers - _CUSTOMERS[-1])
    return Needs(
        minutes=_between(customers, _MINUTES) + beyond * _MINUTES_A_CUSTOMER,
        memory=_between(customers, _MEMORY),
        database=_between(customers, _DATABASE) + beyond * _DATABASE_A_CUSTOMER,
    )


def _between(customers: int, measured: tuple[float, ...]) -> float:
    """Interpolate on logarithmic scales; the first or the last value outside of them."""
    value = np.interp(np.log(max(customers, 1)), np.log(_CUSTOMERS), np.log(measured))
    return float(np.exp(value))
