"""Foreign text made fit to print, and what a mistyped word was meant to be."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable

# Marks that turn the direction of what follows: a file name could make a line read otherwise.
_TURNING = set('\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069')
MOST_CHARACTERS = 2000


def clean(text: object, most: int = MOST_CHARACTERS) -> str:
    """The text without control characters (ANSI sequences, line breaks) and direction marks.

    Each becomes U+FFFD, tabs and line breaks a space; longer text is cut and ends in an ellipsis.
    """
    value = str(text)
    if len(value) > most:
        value = value[:most - 1] + '…'
    return ''.join(
        ' ' if ch in '\t\n\r' else '\ufffd' if ch in _TURNING or _control(ch) else ch
        for ch in value)


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean `x`?`, or nothing where no known word is near."""
    close = difflib.get_close_matches(word, list(known), 1)
    return f' Did you mean `{close[0]}`?' if close else ''


def _control(ch: str) -> bool:
    return unicodedata.category(ch) in ('Cc', 'Cs', 'Co')
