"""Where in a call a phrase may have been said: cheap to ask for every phrase at once.

A part (a phrase, or its words on one side of a slot) is looked for where two of its words, or
words that sound like them, follow each other or stand one apart; of a part's pairs its rarest are
indexed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.heard import BITS, SCALE, Heard, Ints
from transforms.phrases.tongue import Tongue

Places = NDArray[np.int64]

RUNS = 8  # pairs or threes that are indexed of one part
LONG = 8  # letters of a part from which on it is looked for by threes
TWICE = 5  # letters of a part from which on two of its runs have to be there
NEVER = 1000
RARE = 6  # parts that share a word, at most, for the word alone to lead to them
SMALL = 0.6  # what losing a small word costs at most
BUCKET = 4  # windows start at multiples of this many tokens
SLACK = 2  # tokens that a part may take more, on either side
# More for the loss of a part's first or last token, or for another word (by a cost of at least
# OTHER) in its place: what is left may be another phrase.
EDGE = 0.3
OTHER = 0.85
NARROW = 4  # pairs of tokens: no window is narrower


@dataclass(frozen=True)
class Part:
    """Words that are looked for, by how much they may differ, and by whom (bits) they are said.

    `whole`: nothing may be lost or added.
    """

    tokens: tuple[str, ...]
    allowed: float
    parties: int
    whole: bool


class Index:
    """The parts of all phrases, ready to be looked for. Costs are hundredths.

    Attributes:
      columns, lost: of each token (by its place) of each part its column in the costs of what is
        heard, and what its loss costs; 0 beyond the part's end.
      edge: what the first and the last token of each part cost besides where another is heard.
      flat_columns, flat_lost: the same without the rest, a part's from `first` on.
      bits, small: the sounds of a part, and of its small words.
      absent: what a small word, or another, costs at least that nothing in the window is like.
      pairs: how many pairs of tokens wide a part's window is; `level`: spans of NARROW << level
        pairs are no wider than it, and two of them as wide.
    """

    def __init__(self, tongue: Tongue, parts: Sequence[Part], heard: Heard,
                 columns: Sequence[Sequence[int]]):
        self.parts = parts
        self.heard = heard
        self._long = LONG if tongue.letters else NEVER
        self._twice = np.array([tongue.letters and len(part.tokens) >= TWICE for part in parts],
                               np.bool_)
        count = len(parts)
        self.length = np.array([len(part.tokens) for part in parts], np.int64)
        longest = int(self.length.max(initial=1))
        self.columns = np.zeros((longest, count), np.int64)
        self.lost = np.zeros((longest, count), np.int32)
        self.edge = np.zeros((2, count), np.int32)
        self.allowed = np.array([round(part.allowed * SCALE) for part in parts], np.int32)
        self.whole = np.array([part.whole for part in parts], np.bool_)
        self.parties = np.array([part.parties for part in parts], np.int8)
        self.bits = np.zeros((count, BITS // 64), np.uint64)
        self.small = np.zeros((count, BITS // 64), np.uint64)
        self.absent = np.zeros((count, 2), np.int32)
        for n, (part, at) in enumerate(zip(parts, columns, strict=True)):
            self.columns[:len(at), n] = at
            lost = [tongue.lost(token) for token in part.tokens]
            self.lost[:len(at), n] = np.rint(np.array(lost) * SCALE)
            self.edge[:, n] = [round(EDGE * tongue.weight(part.tokens[edge]) * SCALE)
                               for edge in (0, -1)]
            self.lost[0, n] += self.edge[0, n]
            if len(at) > 1:
                self.lost[len(at) - 1, n] += self.edge[1, n]
            small = [at[i] for i, cost in enumerate(lost) if cost < SMALL]
            self.bits[n] = heard.bits_of(at)
            self.small[n] = heard.bits_of(small) if small else 0
            for i, of in enumerate(([cost for cost in lost if cost < SMALL],
                                    [cost for cost in lost if cost >= SMALL])):
                self.absent[n, i] = round(min([OTHER, *of]) * SCALE)
        each = np.arange(longest) < self.length[:, None]
        self.first = np.cumsum(self.length) - self.length
        self.flat_columns, self.flat_lost = self.columns.T[each], self.lost.T[each]
        self.pairs = (self.length + 2 * SLACK + BUCKET + 1) // 2
        self.level = np.log2(self.pairs / NARROW).astype(np.int64)
        self._post(columns)

    def _post(self, columns: Sequence[Sequence[int]]) -> None:
        """Runs of sounds -> parts and where in them."""
        keys = [self._runs(self.heard.class_of[list(at)]) for at in columns]
        frequency = Counter(key for of_part in keys for key in {key for key, _ in of_part})
        posts: dict[int, list[tuple[int, int]]] = {}
        for part, of_part in enumerate(keys):
            length, base = len(columns[part]), self._base
            alone = [run for run in of_part if run[0] < base]
            pairs = [run for run in of_part if base <= run[0] < base ** 2]
            threes = [run for run in of_part if run[0] >= base ** 2]
            chosen = [run for run in alone if length == 1 or (
                length <= 4 and frequency[run[0]] <= RARE)]
            chosen += sorted(threes if length >= self._long else pairs,
                             key=lambda run: frequency[run[0]])[:RUNS]
            for key, offset in chosen:
                posts.setdefault(key, []).append((part, offset))
        ordered = sorted(posts)
        self._keys = np.array(ordered, np.int64)
        self._place = np.full(self._base ** 2, -1, np.int32)
        short = self._keys[self._keys < self._base ** 2]
        self._place[short] = np.arange(len(short))
        self._from = np.cumsum([0, *(len(posts[key]) for key in ordered)])
        self._part = np.array([p for key in ordered for p, _ in posts[key]], np.int64)
        self._offset = np.array([o for key in ordered for _, o in posts[key]], np.int64)

    @property
    def _base(self) -> int:
        return self.heard.count + 1

    def _runs(self, sounds: Places) -> list[tuple[int, int]]:
        key, where = self._run_keys(sounds)
        return list(zip(key.tolist(), where.tolist(), strict=True))

    def _run_keys(self, sounds: Places
                  ) -> tuple[Places, Places]:
        """One number for each sound, pair (also one apart) and three in a row, and where it is."""
        base, count = self._base, len(sounds)
        sound = sounds + 1  # 0: none that the parts know
        at = np.arange(count)
        known = sound > 0
        beside = known[:-1] & known[1:]
        keys, where = [sound[known]], [at[known]]
        keys.append((sound[:-1] * base + sound[1:])[beside])
        where.append(at[:-1][beside])
        apart = known[:-2] & known[2:]
        keys.append((sound[:-2] * base + sound[2:])[apart])
        where.append(at[:-2][apart])
        if self._long < NEVER:
            three = beside[:-1] & beside[1:]
            keys.append((((sound[:-2] * base) + sound[1:-1]) * base + sound[2:])[three])
            where.append(at[:-2][three])
        return np.concatenate(keys), np.concatenate(where)

    def candidates(self, rows: Ints, party: NDArray[np.int8]
                   ) -> tuple[Places, Places]:
        """Parts and the tokens from which on each may have been said.

        `rows` has MARGIN rows of nothing on both sides; `party` has bits for each: a part is looked
        for in the words of its own parties.
        """
        if not len(self._keys):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        key, where = self._run_keys(self.heard.sound[rows])
        place = self._places(key)
        hit = place >= 0
        place, where = place[hit], where[hit]
        many = self._from[place + 1] - self._from[place]
        post = np.repeat(self._from[place] - np.cumsum(many) + many, many) + np.arange(
            int(many.sum()))
        part = self._part[post]
        where = np.repeat(where, many)
        heard = (self.parties[part] & party[where]) > 0
        part, diagonal = part[heard], (where - self._offset[post])[heard]
        once = ~self._twice[part]
        found = [self._buckets(part[once], diagonal[once], 0, len(rows), 1)]
        if not once.all():
            part, diagonal = part[~once], diagonal[~once]
            found += [self._buckets(part, diagonal, shift, len(rows), 2)
                      for shift in (0, BUCKET // 2)]
        parts, starts = zip(*found, strict=True)
        return np.concatenate(parts), np.concatenate(starts)

    def _places(self, key: Places) -> Places:
        """Where keys are among those that are indexed, -1 for others."""
        short = key < len(self._place)
        place = self._place[np.where(short, key, 0)].astype(np.int64)
        if not short.all():
            long = key[~short]
            found = np.minimum(np.searchsorted(self._keys, long), len(self._keys) - 1)
            place[~short] = np.where(self._keys[found] == long, found, -1)
        return place

    def _buckets(self, part: Places, diagonal: Places, shift: int,
                 count: int, least: int) -> tuple[Places, Places]:
        """Parts and where their windows start, where `least` runs (1 or 2) lead to one window."""
        buckets = count // BUCKET + 2
        key = np.sort(part * buckets + (diagonal + shift) // BUCKET)
        if least == 2:
            key = key[1:][key[1:] == key[:-1]]
        found = key[np.flatnonzero(np.diff(key, prepend=-1))]
        return found // buckets, found % buckets * BUCKET - shift - SLACK
