"""Phrases with one slip: a small word lost, added or misheard, or a word nearly the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from transforms.tokens import FUNCTION_WORDS, NEGATIONS, alike

MIN_WORDS = 5
SLIP_COST = 0.1

Tokens = Sequence[str]
Slip = tuple[str, int, int, float]  # category, first token, end token, score


class SlipIndex:
    """Finds phrases of five words or more that differ from what was said by one slip.

    With one slip one half of a phrase is intact: its first two words are looked up, and the
    other half is compared only there.
    """

    def __init__(self, phrases: Sequence[tuple[str, tuple[str, ...]]]):
        self._starts: dict[tuple[str, str], list[tuple[str, Tokens, Tokens, bool]]] = {}
        for category, tokens in phrases:
            if len(tokens) < MIN_WORDS:
                continue
            head, tail = tokens[:len(tokens) // 2], tokens[len(tokens) // 2:]
            self._starts.setdefault((head[0], head[1]), []).append((category, head, tail, True))
            self._starts.setdefault((tail[0], tail[1]), []).append((category, tail, head, False))

    def find(self, tokens: Tokens) -> Iterator[Slip]:
        """The phrases with exactly one slip in the tokens of a turn."""
        starts = self._starts
        for at, pair in enumerate(pairwise(tokens)):
            for category, intact, other, forward in starts.get(pair, ()):
                end = at + len(intact)
                if tuple(tokens[at:end]) != intact:
                    continue
                if forward:
                    used = slipped(other, tokens[end:end + len(other) + 1])
                    span = (at, end + (used or 0))
                else:
                    before = tokens[max(0, at - len(other) - 1):at][::-1]
                    used = slipped(other[::-1], before)
                    span = (at - (used or 0), end)
                if used is not None:
                    yield category, *span, 1.0 - SLIP_COST


def slipped(meant: Tokens, heard: Tokens) -> int | None:
    """How many heard tokens are `meant` with exactly one slip; None if they are not."""
    same = 0
    while same < len(meant) and same < len(heard) and meant[same] == heard[same]:
        same += 1
    if same == len(meant):
        return None
    word = meant[same]
    rest = list(meant[same + 1:])
    small = word in FUNCTION_WORDS
    if same < len(heard) and heard[same] not in NEGATIONS:
        swapped = list(heard[same + 1:same + 1 + len(rest)]) == rest
        if swapped and ((small and heard[same] in FUNCTION_WORDS) or alike(heard[same], word)):
            return len(meant)
        added = heard[same] in FUNCTION_WORDS
        if added and list(heard[same + 1:same + 2 + len(rest)]) == [word, *rest]:
            return len(meant) + 1
    if small and list(heard[same:same + len(rest)]) == rest:
        return len(meant) - 1
    return None
