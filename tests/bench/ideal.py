"""What the errors leave: the recall of one who knows how the errors were drawn and every phrase.

Each turn is weighed against each phrase: the logarithm of how much likelier its units (words, or
characters) are if the phrase was put there than if nothing was, along the best way through them.
How often a unit comes out as which is counted on the simulated errors themselves, and the least
weight that counts is set for each category on the very calls that are measured: a matcher has
neither. A phrase of another category that explains the turn better may count against it.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tests.phrase_scenes import WEIGHTED, units
from tests.recognition_errors import (
    DELETIONS,
    RANDOM,
    RATE,
    SMALL,
    SMALL_LOST,
    SUBSTITUTIONS,
    misheard,
)
from transforms.phrases.han import SIMPLIFIED
from transforms.phrases.matcher import OPENING_LETTERS, OPENS_SENTENCE
from transforms.phrases.tongues import tongue_of

DRAWS = 200  # of each unit of a phrase
_SLOT = '{}'

Weights = NDArray[np.float32]


def weights(language: str, phrases: Mapping[str, Sequence[str]], heard: Sequence[str]
            ) -> Weights:
    """The weight of each category (rows) in each turn (columns), as it was heard."""
    turns = [units(_plain(text), language) for text in heard]
    channel = _Channel(language, turns)
    by_category = [np.max([channel.weight(phrase, *_place(language, category, phrase))
                           for phrase in said], axis=0)
                   for category, said in phrases.items()]
    return np.array(by_category, np.float32)


def recall(weight: Weights, others: Weights, put: NDArray[np.bool_], counts: NDArray[np.bool_],
           precision: float) -> float:
    """The most that is found at a precision, by the weight alone or less the best of the others.

    `counts` leaves out turns that hold the phrase without its having been put there.
    """
    return max(_most(weight[counts], put[counts], precision),
               _most((weight - np.maximum(others, 0))[counts], put[counts], precision))


def _most(weight: Weights, put: NDArray[np.bool_], precision: float) -> float:
    order = np.argsort(-weight, kind='stable')
    right = np.cumsum(put[order])
    last = np.append(np.diff(weight[order]) != 0, True)  # turns of one weight count all or none
    good = last & (right >= precision * np.arange(1, len(order) + 1))
    return float(right[good].max(initial=0) / max(1, put.sum()))


class _Channel:
    """The heard turns side by side, and what each unit comes out as."""

    def __init__(self, language: str, turns: Sequence[Sequence[str]]):
        self._language = language
        counted = Counter(unit for turn in turns for unit in turn)
        self._known = {unit: n for n, unit in enumerate(counted)}
        self._share = np.array([n / counted.total() for n in counted.values()] + [1.0])
        self._mean_lost = sum(n * self._often_lost(unit) for unit, n in counted.items()
                              ) / counted.total()
        longest = max(map(len, turns))
        self._rows = np.full((longest, len(turns)), len(self._known))
        for n, turn in enumerate(turns):
            self._rows[:len(turn), n] = [self._known[unit] for unit in turn]
        self._length = np.array(list(map(len, turns)))
        self._within = self._rows < len(self._known)
        self._unit = lru_cache(maxsize=None)(self._drawn)

    def weight(self, phrase: str, opens: bool, whole: bool) -> Weights:
        """That of a phrase in each turn: anywhere in it, at its beginning or as all of it."""
        best = np.zeros((len(self._rows) + 1, self._rows.shape[1]), np.float32)
        more = np.float32(np.log(RATE[self._language] * (1 - SUBSTITUTIONS - DELETIONS)))
        if opens:
            best += np.arange(len(best), dtype=np.float32)[:, None] * more
        for unit in _units(phrase, self._language):
            if unit == _SLOT:
                best = np.maximum.accumulate(best, axis=0)
                continue
            each, lost = self._unit(unit)
            step = np.where(self._within, each[self._rows], -99).astype(np.float32)
            here = best + lost
            here[1:] = np.maximum(here[1:], best[:-1] + step)
            for _ in range(2):  # units more in one place
                here[1:] = np.maximum(here[1:], here[:-1] + more)
            best = here
        return best[self._length, np.arange(best.shape[1])] if whole else best.max(axis=0)

    def _drawn(self, unit: str) -> tuple[Weights, np.float32]:
        rng = random.Random(f'{self._language} {unit}')
        rate = RATE[self._language]
        got = [_plain(misheard([unit], self._language, rng, [unit], rate)[-1:])
               for _ in range(DRAWS)]
        came = Counter(out for out in got if out in self._known)
        seen = self._share * rate * SUBSTITUTIONS * RANDOM
        for out, times in came.items():
            seen[self._known[out]] += times / DRAWS
        lost = rate * DELETIONS * self._often_lost(unit) / self._mean_lost
        return np.log(seen / self._share).astype(np.float32), np.float32(np.log(lost))

    def _often_lost(self, unit: str) -> float:
        return SMALL_LOST if unit in SMALL[self._language] else 1.0


def _place(language: str, category: str, phrase: str) -> tuple[bool, bool]:
    """Whether a phrase is put at the beginning of a turn alone, and whether it is all of one."""
    whole = category in WEIGHTED or (category == 'repeat_request_banned'
                                     and phrase in tongue_of(language).whole_turn)
    letters = OPENING_LETTERS if tongue_of(language).letters else 1
    short = len(units(phrase, language)) <= letters
    return whole or (short and category in OPENS_SENTENCE), whole


def _units(phrase: str, language: str) -> list[str]:
    parts = re.split(r'\{\w+\}', phrase)
    out = units(_plain(parts[0]), language)
    for part in parts[1:]:
        out += [_SLOT, *units(_plain(part), language)]
    return out


def _plain(text: str | Sequence[str]) -> str:
    return ''.join(text).lower().replace('.', '').translate(SIMPLIFIED)
