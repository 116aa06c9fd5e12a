"""Phrases that count where they are all that is said in a turn: "right, okay", "hello?"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from transforms.lexicon import Lexicon
from transforms.phrases.choose import Hit
from transforms.phrases.tongue import FORBIDDEN, SCORE_COST, Tongue

CATEGORIES = frozenset({'backchannel', 'banned_opening'})
MOST_LETTERS, MOST_WORDS = 24, 6  # tokens of a turn that is one phrase
SHARE = 0.5  # of a phrase's weight by which it may differ: nothing else was said; fitted
SLACK = 2  # tokens more or fewer


class WholeTurns:
    """What whole turns say; what was worked out is kept."""

    def __init__(self, tongue: Tongue, lexicon: Lexicon):
        self._tongue = tongue
        self._most = MOST_LETTERS if tongue.letters else MOST_WORDS
        bare = {self._pattern(phrase) for phrase in tongue.whole_turn}
        self._phrases = [
            (category, tokens, self._allowed(tokens, lexicon.strictness.get(phrase)))
            for category, written in lexicon.categories.items() for phrase in written
            if (tokens := self._pattern(phrase)) and (
                category in CATEGORIES or (category == 'repeat_request_banned'
                                           and tokens in bare))]
        self._signals = {tokens for category, tokens, _ in self._phrases
                         if category == 'backchannel'}
        self._longest_signal = max(map(len, self._signals), default=0)
        self.signal_tokens = frozenset(s[0] for s in self._signals if len(s) == 1)
        self._nearest: Callable[[tuple[str, ...]], dict[str, Hit]] = lru_cache(4096)(self._near)

    def __contains__(self, phrase: tuple[str, tuple[str, ...]]) -> bool:
        return any(phrase == (category, tokens) for category, tokens, _ in self._phrases)

    def _pattern(self, phrase: str) -> tuple[str, ...]:
        return tuple(self._tongue.tokenise(phrase.split()).tokens)

    def _allowed(self, tokens: Sequence[str], strictness: float | None) -> float:
        share = SHARE if strictness is None else 1.0 - strictness
        return share * sum(self._tongue.weight(token) for token in tokens)

    def is_signal(self, tokens: Sequence[str]) -> bool:
        """Whether tokens are listening signals and nothing else."""
        reached = {0}
        for start in range(len(tokens)):
            if start in reached:
                reached |= {start + n for n in range(1, self._longest_signal + 1)
                            if tuple(tokens[start:start + n]) in self._signals}
        return bool(tokens) and len(tokens) in reached

    def hits(self, tokens: Sequence[str], categories: Iterable[str]) -> list[Hit]:
        """Of the categories, and of listening signals, those that all of a turn's tokens are."""
        if not 0 < len(tokens) <= self._most:
            return []
        near = self._nearest(tuple(tokens))
        out = [near[category] for category in ('backchannel', *categories) if category in near]
        if self.is_signal(tokens):
            out = [hit for hit in out if hit.category != 'backchannel']
            out.append(Hit('backchannel', 0, len(tokens), 1.0, len(tokens)))
        return out

    def _near(self, heard: tuple[str, ...]) -> dict[str, Hit]:
        out: dict[str, Hit] = {}
        for category, meant, allowed in self._phrases:
            if abs(len(heard) - len(meant)) > SLACK:
                continue
            cost = 0.0 if heard == meant else self._cost(heard, meant)
            if cost <= allowed and (category not in out or cost < out[category].cost):
                out[category] = Hit(category, 0, len(heard), max(0.05, 1.0 - SCORE_COST * cost),
                                    len(meant), cost)
        return out

    def _cost(self, heard: Sequence[str], meant: Sequence[str]) -> float:
        """What it costs to hear some tokens for all of those that were meant."""
        tongue = self._tongue
        added = [tongue.added(token) for token in heard]
        costs = [tongue.heard_for(token, meant) for token in heard]
        row = [sum(added[:n]) for n in range(len(heard) + 1)]
        for m, token in enumerate(meant):
            lost, before = tongue.lost(token), row
            row = [before[0] + lost]
            for n, more in enumerate(added):
                row.append(min(before[n] + float(costs[n][m]), before[n + 1] + lost,
                               row[n] + more))
        return min(row[-1], FORBIDDEN)
