"""Languages with spaces: how unlike two words are, by their letters and by their sound."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

import numpy as np
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from transforms.phrases.tongue import FORBIDDEN, UNLIKE, Costs

# By the share of letters, or of sounds, that differ; fitted.
_NEAR = ((0.0, 0.15), (0.26, 0.35), (0.34, 0.45), (0.42, 0.65), (0.51, 0.85))
_SHORT_WORD = {1: 1.2, 2: 0.9, 3: 0.75, 4: 0.5}  # least cost by letters of the longer word
SAME_SOUND_SHORT = 0.35  # the rough sound of short words says little
SWAPPED = 0.5  # one function word heard for another
_WEAK = 0.65  # a function word heard as any other

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
        self._function_words = function_words
        self._negation = negation

    def __call__(self, heard: str, meant: Sequence[str]) -> Costs:
        spelt = _shares(heard, meant)
        sound = self._sound(heard)
        spoken = _shares(sound, [self._sound(word) for word in meant])
        share = np.minimum(spelt, np.where(spoken == 0, 0, spoken * 1.15))
        costs = np.full(len(meant), UNLIKE, np.float32)
        for most, cost in reversed(_NEAR):
            costs[share <= most] = cost
        length = np.array([max(len(heard), len(word)) for word in meant])
        for letters, cost in _SHORT_WORD.items():
            costs[(length == letters) & (share > 0)] = np.maximum(
                costs[(length == letters) & (share > 0)], cost)
        costs[(share == 0) & (spelt > 0) & (length <= 4)] = SAME_SOUND_SHORT
        small = np.array([word in self._function_words for word in meant])
        costs[small] = np.minimum(costs[small],
                                  SWAPPED if heard in self._function_words else _WEAK)
        if self._negation(heard):
            costs[:] = FORBIDDEN
        costs[[self._negation(word) for word in meant]] = FORBIDDEN
        costs[[word == heard for word in meant]] = 0.0
        return costs


def _shares(heard: str, meant: Sequence[str]) -> Costs:
    distances = cdist([heard], meant, scorer=Levenshtein.distance, dtype=np.float32)[0]
    return distances / np.array([max(1, len(heard), len(word)) for word in meant], np.float32)
