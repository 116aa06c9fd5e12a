"""Languages with spaces: how unlike two words are, by their letters and by their sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from transforms.phrases.tongue import FORBIDDEN, UNLIKE, Costs

# By the share of letters, or of sounds, that differ; fitted.
_NEAR = ((0.0, 0.15), (0.26, 0.35), (0.34, 0.45), (0.42, 0.65), (0.51, 0.85))
_SHORT_WORD = {1: 1.2, 2: 0.9, 3: 0.7, 4: 0.45}  # least cost by letters of the longer word
SAME_SOUND_SHORT = 0.35  # the rough sound of short words says little
SWAPPED = 0.5  # one function word heard for another
_WEAK = 0.6  # a function word heard as any other

Sounds = Sequence[tuple[re.Pattern[str], str]]


def sounds(*pairs: tuple[str, str]) -> Sounds:
    """Spelling rules, applied one after the other, that lead to a rough sound."""
    return [(re.compile(pattern), to) for pattern, to in pairs]


def sound_of(word: str, rules: Sounds) -> str:
    """The rough sound of a word: the rules applied, doubled letters single."""
    for pattern, to in rules:
        word = pattern.sub(to, word)
    return re.sub(r'(.)\1+', r'\1', word) or word


class Likeness:
    """The cost of one word heard for another."""

    def __init__(self, sound: Callable[[str], str], function_words: Collection[str],
                 negation: Callable[[str], bool]):
        self._sound = sound
        self._function_words = frozenset(function_words)
        self._negation = negation

    def __call__(self, heard: str, meant: Sequence[str]) -> Costs:
        known = _meant(tuple(meant), self._sound, self._function_words, self._negation)
        spelt = _shares(heard, known.words, known.letters)
        spoken = _shares(self._sound(heard), known.sounds, known.sound_letters)
        share = np.minimum(spelt, np.where(spoken == 0, 0, spoken * 1.15))
        costs = np.full(len(meant), UNLIKE, np.float32)
        for most, cost in reversed(_NEAR):
            costs[share <= most] = cost
        length = np.maximum(known.letters, len(heard))
        for letters, cost in _SHORT_WORD.items():
            short = (length == letters) & (share > 0)
            costs[short] = np.maximum(costs[short], cost)
        costs[(share == 0) & (spelt > 0) & (length <= 4)] = SAME_SOUND_SHORT
        costs[known.small] = np.minimum(costs[known.small],
                                        SWAPPED if heard in self._function_words else _WEAK)
        if self._negation(heard):
            costs[:] = FORBIDDEN
        costs[known.negates] = FORBIDDEN
        costs[known.places.get(heard, [])] = 0.0
        return costs


class _Meant(NamedTuple):
    """What is the same of a vocabulary whatever was heard."""

    words: tuple[str, ...]
    letters: NDArray[np.int64]
    sounds: tuple[str, ...]
    sound_letters: NDArray[np.int64]
    small: NDArray[np.bool_]
    negates: NDArray[np.bool_]
    places: dict[str, list[int]]


@lru_cache(maxsize=64)
def _meant(words: tuple[str, ...], sound: Callable[[str], str],
           function_words: frozenset[str], negation: Callable[[str], bool]) -> _Meant:
    heard_as = tuple(map(sound, words))
    places: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        places.setdefault(word, []).append(at)
    return _Meant(words, np.array(list(map(len, words)), np.int64),
                  heard_as, np.array(list(map(len, heard_as)), np.int64),
                  np.array([word in function_words for word in words], np.bool_),
                  np.array([negation(word) for word in words], np.bool_), places)


def _shares(heard: str, meant: Sequence[str], letters: NDArray[np.int64]) -> Costs:
    distances = cdist([heard], meant, scorer=Levenshtein.distance, dtype=np.float32)[0]
    return distances / np.maximum(letters, max(1, len(heard))).astype(np.float32)
