"""Which of overlapping phrases was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

# Both are true of one text; of all other pairs the better alone.
_BOTH_TRUE = frozenset({frozenset({'thanks_for_calling', 'company_introduction'})})
_BESIDE_ANY = frozenset({'please', 'informal_address'})

COSTLY = 1.3  # tokens by which a phrase has to be longer to be worth a cost of 1; fitted
EQUAL = 0.02  # costs that differ by no more are the same
CERTAIN = 3  # tokens from which on the exact words leave no room for a guess and a slip
NEARLY = 0.7  # of a misheard phrase, from which an exact one inside it is what was said...
SOUND = 0.75  # ...unless it is heard with such a score
CLEAR = 0.25  # the cost up to which two phrases that fit equally well are both taken as said


class Hit(NamedTuple):
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
    part: int = -1  # which of the matcher's parts; phrases of the same words have the same

    @property
    def worth(self) -> float:
        """By how many tokens it explains the text."""
        return min(self.length, self.last - self.first) - COSTLY * self.cost


def best(hits: Sequence[Hit]) -> list[Hit]:
    """Without the hits that overlap a better one, unless both are true of the text.

    What is part of another phrase is no guessed name: "thank you for calling goodbye". Exact words
    are no slip of a phrase that needs a guess besides: "thank you for waiting annual" is no "thank
    you for calling {company}". Where the word was lost that tells two phrases apart ("may i
    transfer you", "i'll transfer you") neither was heard.
    """
    if len(hits) == 1 and hits[0].score >= SOUND:  # as most often
        return [*hits]
    hits = _without_stretched(hits)
    firm = [hit for hit in hits if hit.guess is None]
    certain = [hit for hit in firm if not hit.cost and hit.length >= CERTAIN]
    hits = firm + [hit for hit in hits if hit.guess and not any(
        other.first < hit.guess[1] and hit.guess[0] < other.last for other in firm) and not (
            hit.cost and any(other.first < hit.last and hit.first < other.last
                             for other in certain))]
    kept: list[Hit] = []
    unclear: set[int] = set()
    for hit in sorted(hits, key=lambda h: (-h.worth, h.first - h.last, h.cost, h.first,
                                           h.category)):
        for n, other in enumerate(kept):
            if hit.first >= other.last or other.first >= hit.last:
                continue
            if hit.category == other.category:
                break
            if _both_true(hit.category, other.category) and hit.cost <= other.cost + CLEAR:
                continue
            if (hit.first, hit.last) != (other.first, other.last) or (
                    hit.cost > other.cost + EQUAL):
                break
            if hit.cost > CLEAR and hit.part != other.part:
                unclear.add(n)
                break
        else:
            kept.append(hit)
    return [hit for n, hit in enumerate(kept) if n not in unclear]


def _without_stretched(hits: Sequence[Hit]) -> list[Hit]:
    """Without the misheard phrases that are little more than an exact one of their own list: what
    comes after it is not theirs."""
    exact: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.cost == 0 and hit.guess is None:
            exact.setdefault(hit.category, []).append(hit)
    return [hit for hit in hits if hit.score >= SOUND or not any(
        hit.first <= other.first and other.last <= hit.last
        and other.last - other.first >= NEARLY * (hit.last - hit.first)
        for other in exact.get(hit.category, ()))]


def _both_true(a: str, b: str) -> bool:
    return a in _BESIDE_ANY or b in _BESIDE_ANY or frozenset((a, b)) in _BOTH_TRUE
