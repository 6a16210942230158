"""What a text is without the blanks around it, and may not become where it is shown."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""Control characters; among them those that turn the direction of the text after them."""

BLANKS = " \t\n\r\u3000\u00a0\u200b\ufeff"
"""What staging trims from a text, as `macros/trimmed_text.sql` does."""

FORMULA_STARTS = tuple("=+-@＝＋－＠\t\r")
"""What makes a spreadsheet take a text for a formula."""


def clean(text: str) -> str:
    """Make the control characters in a text visible, direction overrides among them."""
    return _UNSEEN.sub("\ufffd", text)
