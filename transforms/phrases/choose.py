"""Which of overlapping phrases was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Both are true of one text; of all other pairs the better alone.
_BOTH_TRUE = frozenset({frozenset({'thanks_for_calling', 'company_introduction'})})
_BESIDE_ANY = frozenset({'please'})

COSTLY = 2.0  # tokens by which a phrase has to be longer to be worth a cost of 1; fitted
EQUAL = 0.02  # costs that differ by no more are the same


@dataclass(frozen=True)
class Hit:
    """A phrase from token `first` to `last`, exclusive, in one turn.

    `length` is the phrase's own in tokens, `guess` the tokens taken for a name or company by
    their place alone.
    """

    category: str
    first: int
    last: int
    score: float
    length: int
    cost: float = 0.0
    guess: tuple[int, int] | None = None

    @property
    def worth(self) -> float:
        """By how many tokens it explains the text."""
        return min(self.length, self.last - self.first) - COSTLY * self.cost


def best(hits: Sequence[Hit]) -> list[Hit]:
    """Without the hits that overlap a better one, unless both are true of the text.

    What is part of another phrase is no guessed name: "thank you for calling goodbye".
    """
    firm = [hit for hit in hits if hit.guess is None]
    hits = firm + [hit for hit in hits if hit.guess and not any(
        other.first < hit.guess[1] and hit.guess[0] < other.last for other in firm)]
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda h: (-h.worth, h.first - h.last, h.cost, h.first,
                                           h.category)):
        if not any(_excludes(other, hit) for other in kept):
            kept.append(hit)
    return kept


def _excludes(kept: Hit, hit: Hit) -> bool:
    if hit.first >= kept.last or kept.first >= hit.last:
        return False
    if hit.category == kept.category:
        return True
    if _both_true(hit.category, kept.category):
        return False
    same = (hit.first, hit.last) == (kept.first, kept.last)
    return not (same and hit.cost <= kept.cost + EQUAL)


def _both_true(a: str, b: str) -> bool:
    return a in _BESIDE_ANY or b in _BESIDE_ANY or frozenset((a, b)) in _BOTH_TRUE
