"""What the matcher has to know of a language: its tokens, how they sound, what may be lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# Costs, in words (or in characters where a language has no spaces); fitted.
FORBIDDEN = 90.0  # of what changes the meaning: never within a phrase's allowance
UNLIKE = 1.6  # another word altogether
SCORE_COST = 0.2  # off a match's score for a cost of 1

Costs = NDArray[np.float32]


class Tokens(NamedTuple):
    """Words as they are compared; `first` and `last` are the indices of the words they come
    from."""

    tokens: list[str]
    first: list[int]
    last: list[int]


@dataclass(frozen=True)
class Tongue:
    """A language as the matcher takes it.

    Attributes:
      letters: tokens are characters, not words.
      tokenise: the tokens of some transcript words; phrases are made ready by it as well.
      spoken: the tokens of a phrase with its endings as they are: what is left of an ending that
        was misheard is nearer to them.
      unfolded: the tokens of some words, each form of address and each synonym as it was said.
      sound: what a token sounds like; tokens that sound alike give the same.
      heard_for: the cost of a heard token against each of some meant ones, 0 for the same.
      lost: the cost of a meant token that was not heard.
      added: the cost of a heard token that was not meant.
      negation: whether a token turns a phrase's meaning round.
      duration_end: where a duration that starts at a token ends: (tokens, start, 'short', 'long'
        or None for any); None if none does.
      name_ends: where a name that starts at a token can end, the likeliest first.
      whole_turn: phrases that count as a whole turn alone.
      weight: how much of a phrase a token is, 1 or less for small words.
      allowance: what a phrase may differ by: this share of its weight beyond so much.
      name_letters: how many characters most names have; 0 where tokens are words.
    """

    letters: bool
    tokenise: Callable[[Sequence[str]], Tokens]
    spoken: Callable[[Sequence[str]], Tokens]
    unfolded: Callable[[Sequence[str]], Tokens]
    sound: Callable[[str], str]
    heard_for: Callable[[str, Sequence[str]], Costs]
    lost: Callable[[str], float]
    added: Callable[[str], float]
    negation: Callable[[str], bool]
    duration_end: Callable[[Sequence[str], int, str | None], int | None]
    name_ends: Callable[[Sequence[str], int], list[int]]
    whole_turn: frozenset[str]
    weight: Callable[[str], float]
    allowance: tuple[float, float]
    name_letters: int = 0

    def allowed(self, tokens: Sequence[str], strictness: float | None, beside: int = 0) -> float:
        """What a phrase may differ by; `strictness` as in `Lexicon`, `beside` slots with sure
        ends."""
        weight = sum(self.weight(token) for token in tokens) + beside
        if strictness is not None:
            return (1.0 - strictness) * weight
        share, beyond = self.allowance
        return max(0.0, share * (weight - beyond))
