"""Where in a call a phrase may have been said: cheap to ask for every phrase at once.

A part (a phrase, or its words on one side of a slot) is looked for where two of its words, or
words that sound like them, follow each other or stand one apart; of a part's pairs its rarest are
indexed. What is left passes if enough of the part's words lie in the window (as bits).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from transforms.phrases.tongue import FORBIDDEN, Costs, Tongue

Ints = NDArray[np.int32]

RUNS = 8  # pairs or threes that are indexed of one part
LONG = 8  # letters of a part from which on it is looked for by threes
TWICE = 5  # letters of a part from which on two of its runs have to be there
NEVER = 1000
RARE = 6  # parts that share a word, at most, for the word alone to lead to them
SMALL = 0.6  # what losing a small word costs at most
ALIKE = 0.5  # the cost up to which a heard word stands for a meant one
BUCKET = 4  # windows start at multiples of this many tokens
SLACK = 2  # tokens that a part may take more, on either side
BESIDE = '^'  # marks a capitalised name inside a sentence: it may stand between a phrase's words
NAME_BESIDE = 0.1  # what such a name costs there
# More for the loss of a part's first or last token, or for another word (by a cost of at least
# OTHER) in its place: what is left may be another phrase.
EDGE = 0.3
OTHER = 0.85
BITS = 512  # that stand for the sounds of a window
SCALE = 100  # costs are whole numbers of hundredths
MARGIN = 64  # tokens of nothing on either side of a call


@dataclass(frozen=True)
class Part:
    """Words that are looked for, by how much they may differ, and by whom (bits) they are said.

    `whole`: nothing may be lost or added.
    """

    tokens: tuple[str, ...]
    allowed: float
    parties: int
    whole: bool


class Heard:
    """Heard tokens against the vocabulary of the parts; each is worked out once, then kept.

    Row 0 stands for nothing: the end of a turn.
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
        self.rows: dict[str, int] = {}
        size = 512
        self.costs = np.full((size, len(self.vocabulary)), int(FORBIDDEN * SCALE), np.int32)
        self.added = np.full(size, int(FORBIDDEN * SCALE), np.int32)
        self.sound = np.full(size, -1, np.int64)
        self.bits = np.zeros((size, BITS // 64), np.uint64)

    def rows_of(self, tokens: Sequence[str]) -> Ints:
        """The rows of some tokens, '' for the end of a turn."""
        rows = self.rows
        new = [token for token in dict.fromkeys(tokens) if token and token not in rows]
        if len(rows) + len(new) > self.MOST:
            self.clear()
            rows = self.rows
            new = [token for token in dict.fromkeys(tokens) if token]
        for token in new:
            self._add(token)
        return np.array([rows[token] if token else 0 for token in tokens], np.int32)

    def _add(self, token: str) -> None:
        row = len(self.rows) + 1
        if row == len(self.added):
            self.costs, self.added, self.sound, self.bits = (
                np.concatenate([old, np.full_like(old, fill)]) for old, fill in (
                    (self.costs, 0), (self.added, 0), (self.sound, -1), (self.bits, 0)))
        name = token[0] == BESIDE
        self.rows[token] = row
        token = token[1:] if name else token
        costs: Costs = self._tongue.heard_for(token, self.vocabulary)
        self.costs[row] = np.rint(costs * SCALE)
        added = min(NAME_BESIDE, self._tongue.added(token)) if name else self._tongue.added(token)
        self.added[row] = round(added * SCALE)
        own = self._classes.get(self._tongue.sound(token))
        if own is None and len(costs) and costs.min() <= ALIKE:
            own = int(self.class_of[costs.argmin()])
        self.sound[row] = -1 if own is None else own
        alike = set(self.class_of[costs <= ALIKE].tolist()) | ({own} if own is not None else set())
        for sound in alike:
            self.bits[row] |= self._bits[sound]

    def bits_of(self, columns: Sequence[int]) -> NDArray[np.uint64]:
        """The bits of some words of the vocabulary."""
        return np.bitwise_or.reduce(self._bits[self.class_of[list(columns)]], axis=0)


def _bits(count: int) -> NDArray[np.uint64]:
    """One of BITS bits for each sound, as words of 64."""
    at = (np.arange(count) * 2654435761 >> 7) % BITS
    out = np.zeros((count, BITS // 64), np.uint64)
    out[np.arange(count), at // 64] = np.uint64(1) << (at % 64).astype(np.uint64)
    return out


class Index:
    """The parts of all phrases, ready to be looked for."""

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
        self.columns = np.zeros((count, longest), np.int64)
        self.lost = np.zeros((count, longest), np.int32)
        self.edge = np.zeros((count, 2), np.int32)
        self.allowed = np.array([round(part.allowed * SCALE) for part in parts], np.int32)
        self.whole = np.array([part.whole for part in parts], np.bool_)
        self.parties = np.array([part.parties for part in parts], np.int8)
        self.bits = np.zeros((count, BITS // 64), np.uint64)
        self.small = np.zeros((count, BITS // 64), np.uint64)
        self.absent = np.zeros((count, 2), np.int32)
        for n, (part, at) in enumerate(zip(parts, columns, strict=True)):
            self.columns[n, :len(at)] = at
            lost = [tongue.lost(token) for token in part.tokens]
            self.lost[n, :len(at)] = np.rint(np.array(lost) * SCALE)
            self.edge[n] = [round(EDGE * tongue.weight(part.tokens[edge]) * SCALE)
                            for edge in (0, -1)]
            self.lost[n, 0] += self.edge[n, 0]
            if len(at) > 1:
                self.lost[n, len(at) - 1] += self.edge[n, 1]
            self.bits[n] = heard.bits_of(at)
            small = [at[i] for i, cost in enumerate(lost) if cost < SMALL]
            self.small[n] = heard.bits_of(small) if small else 0
            for i, of in enumerate(([cost for cost in lost if cost < SMALL],
                                    [cost for cost in lost if cost >= SMALL])):
                self.absent[n, i] = round(min([OTHER, *of]) * SCALE)
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
        self._from = np.cumsum([0, *(len(posts[key]) for key in ordered)])
        self._part = np.array([p for key in ordered for p, _ in posts[key]], np.int64)
        self._offset = np.array([o for key in ordered for _, o in posts[key]], np.int64)

    @property
    def _base(self) -> int:
        return self.heard.count + 1

    def _runs(self, sounds: NDArray[np.int64]) -> list[tuple[int, int]]:
        key, where = self._run_keys(sounds)
        return list(zip(key.tolist(), where.tolist(), strict=True))

    def _run_keys(self, sounds: NDArray[np.int64]
                  ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
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
                   ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Parts and the tokens from which on each may have been said.

        `rows` has MARGIN rows of nothing on both sides; `party` has bits for each: a part is looked
        for in the words of its own parties.
        """
        if not len(self._keys):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        key, where = self._run_keys(self.heard.sound[rows])
        place = np.searchsorted(self._keys, key)
        place[place == len(self._keys)] = 0
        hit = self._keys[place] == key
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
        return self._likely(rows, *(np.concatenate(of) for of in zip(*found, strict=True)))

    def _buckets(self, part: NDArray[np.int64], diagonal: NDArray[np.int64], shift: int,
                 count: int, least: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Parts and where their windows start, where `least` runs (1 or 2) lead to one window."""
        buckets = count // BUCKET + 2
        key = part * buckets + (diagonal + shift) // BUCKET
        if least == 2:
            latest = np.empty(len(self.parts) * buckets, np.int32)
            order = np.arange(len(key), dtype=np.int32)
            latest[key] = order
            key = key[latest[key] != order]
        flags = np.zeros(len(self.parts) * buckets, np.bool_)
        flags[key] = True
        found = np.flatnonzero(flags)
        return found // buckets, found % buckets * BUCKET - shift - SLACK

    def _likely(self, rows: Ints, part: NDArray[np.int64], start: NDArray[np.int64]
                ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Those whose words are in the window, all but so many."""
        levels = [self.heard.bits[rows]]
        while len(levels) < 6:
            step = 1 << (len(levels) - 1)
            last = levels[-1]
            wider = last.copy()
            wider[:-step] |= last[step:]
            levels.append(wider)
        table = np.stack(levels)
        length = self.length[part] + 2 * SLACK + BUCKET
        level = np.minimum(np.int64(5), np.log2(length).astype(np.int64))
        window = table[level, start] | table[level, start + length - (1 << level)]
        absent = self.bits[part] & ~window
        small = np.bitwise_count(absent & self.small[part]).sum(axis=1, dtype=np.int32)
        large = np.bitwise_count(absent).sum(axis=1, dtype=np.int32) - small
        cost = small * self.absent[part, 0] + large * self.absent[part, 1]
        likely = cost <= self.allowed[part]
        return part[likely], start[likely]
