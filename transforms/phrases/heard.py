"""What heard tokens are to the vocabulary of the phrases: worked out once for each, then kept."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.tongue import FORBIDDEN, Costs, Tongue

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Bits = NDArray[np.uint64]

ALIKE = 0.5  # the cost up to which a heard word stands for a meant one
BESIDE = '^'  # marks a capitalised name inside a sentence: it may stand between a phrase's words
NAME_BESIDE = 0.1  # what such a name costs there
SCALE = 100  # costs are whole numbers of hundredths
BITS = 512  # that stand for the sounds of a window
MARGIN = 64  # tokens of nothing on either side of a call
_NEVER = int(FORBIDDEN * SCALE)
_MOST_BYTE = 255  # stands for _NEVER in a byte: no other cost comes near it
# What the cost in a byte is.
COST_OF = np.arange(_MOST_BYTE + 1, dtype=np.int32)
COST_OF[_MOST_BYTE] = _NEVER


class Heard:
    """Heard tokens, by rows, against the vocabulary of the parts. Row 0 stands for nothing: the end
    of a turn.

    Attributes:
      costs: of each row against each word of the vocabulary; `bytes`: the same, as `COST_OF` tells.
      added: what each row costs where it was not meant.
      sound: the class of each row's sound, -1 for one that no part has.
      bits: the sounds that each row may stand for.
    """

    MOST = 8192

    def __init__(self, tongue: Tongue, vocabulary: Sequence[str]):
        self._tongue = tongue
        self.vocabulary = vocabulary
        sounds = [tongue.sound(token) for token in vocabulary]
        self._classes = {sound: n for n, sound in enumerate(dict.fromkeys(sounds))}
        self.class_of = np.array([self._classes[sound] for sound in sounds], np.int64)
        self._bits = _bits(len(self._classes))
        self.clear()

    @property
    def count(self) -> int:
        """How many sounds the parts have."""
        return len(self._classes)

    def clear(self) -> None:
        """Forgets every token."""
        self.rows: dict[str, int] = {'': 0}
        size = 512
        self.costs = np.full((size, len(self.vocabulary)), _NEVER, np.int16)
        self.bytes: Bytes = np.full(self.costs.shape, _MOST_BYTE, np.uint8)
        self.added = np.full(size, _NEVER, np.int32)
        self.sound = np.full(size, -1, np.int64)
        self.bits: Bits = np.zeros((size, BITS // 64), np.uint64)

    def rows_of(self, tokens: Sequence[str]) -> Ints:
        """The rows of some tokens, '' for the end of a turn, amid MARGIN rows of nothing."""
        new = set(tokens).difference(self.rows)
        if new and len(self.rows) + len(new) > self.MOST:
            self.clear()
            new = set(tokens) - {''}
        for token in new:
            self._add(token)
        out = np.zeros(len(tokens) + 2 * MARGIN, np.int32)
        out[MARGIN:-MARGIN] = np.fromiter(map(self.rows.__getitem__, tokens), np.int32,
                                          len(tokens))
        return out

    def _add(self, token: str) -> None:
        row = len(self.rows)
        if row == len(self.added):
            self.costs, self.bytes, self.added, self.sound, self.bits = (
                np.concatenate([old, np.zeros_like(old)])
                for old in (self.costs, self.bytes, self.added, self.sound, self.bits))
        name = token[0] == BESIDE
        self.rows[token] = row
        token = token[1:] if name else token
        costs: Costs = self._tongue.heard_for(token, self.vocabulary)
        self.costs[row] = np.rint(costs * SCALE)
        self.bytes[row] = np.minimum(self.costs[row], _MOST_BYTE)
        added = min(NAME_BESIDE, self._tongue.added(token)) if name else self._tongue.added(token)
        self.added[row] = round(added * SCALE)
        own = self._classes.get(self._tongue.sound(token))
        if own is None and len(costs) and costs.min() <= ALIKE:
            own = int(self.class_of[costs.argmin()])
        self.sound[row] = -1 if own is None else own
        alike = set(self.class_of[costs <= ALIKE].tolist()) | ({own} if own is not None else set())
        for sound in alike:
            self.bits[row] |= self._bits[sound]

    def bits_of(self, columns: Sequence[int]) -> Bits:
        """The bits of some words of the vocabulary."""
        return np.bitwise_or.reduce(self._bits[self.class_of[list(columns)]], axis=0)


def _bits(count: int) -> Bits:
    """One of BITS bits for each sound, as words of 64."""
    at = (np.arange(count) * 2654435761 >> 7) % BITS
    out = np.zeros((count, BITS // 64), np.uint64)
    out[np.arange(count), at // 64] = np.uint64(1) << (at % 64).astype(np.uint64)
    return out
