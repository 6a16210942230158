"""What a check of the doctor has found."""

from __future__ import annotations

from dataclasses import dataclass

OK, WARNING, FAULT = "ok", "warning", "fault"


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Attributes
    ----------
    verdict : str
        `OK`, `WARNING` (a build may run) or `FAULT` (a build would fail).
    check : str
        What was looked at.
    text : str
        What was found and, but for `OK`, what to do.
    """

    verdict: str
    check: str
    text: str
