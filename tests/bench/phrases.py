"""Bench part `phrases`: how many phrases are found in what recognition makes of a call.

Thresholds were fitted on seeds 0 to 99 with other sentences around the phrases; these are seeds
2000 to 2199, on which nothing was fitted, kept or dropped. A phrase counts as said where it was
put, also when errors hit it.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from pipeline.lexicons import languages, load_lexicon
from tests.bench import ideal
from tests.phrase_scenes import SaidTurn, Scene, known, scene
from transforms.lexicon import Lexicon
from transforms.phrases import Match, Matcher
from transforms.phrases.tongues import tongue_of

SEEDS = (2000, 2199)
# Short phrases have at most, long ones at least so many words (False) or characters (True), the
# slots not counted.
LENGTHS = {False: (2, 4), True: (4, 7)}
TARGET = {'recall': 0.90, 'precision': 0.98}


def phrases() -> dict[str, Any]:
    """The figures of every language that has a list."""
    return {'seeds': list(SEEDS), 'by_language': {
        language: measured(load_lexicon(language), range(SEEDS[0], SEEDS[1] + 1), 'test')
        for language in languages()}}


def measured(lexicon: Lexicon, seeds: Sequence[int], split: str) -> dict[str, Any]:
    """Recall and precision of each category, and what a call of 60 turns takes."""
    lexicon = known(lexicon)
    matcher = Matcher(lexicon)
    tally = Tally(lexicon)
    took, rates, words = [], [], 0
    for seed in seeds:
        one = scene(lexicon, seed, split)
        matcher.find(one.words)  # each new word is worked out once in a process
        started = time.thread_time()
        found = matcher.find(one.words)
        took.append(time.thread_time() - started)
        rates.append(one.error_rate)
        words += len(one.words)
        tally.add(one, found)
    return {'error_rate': round(sum(rates) / len(rates), 4),
            'call_ms': round(1000 * sorted(took)[len(took) // 2], 2),
            'words': round(words / len(rates)),
            'phrases': sum(map(len, lexicon.categories.values())),
            **tally.figures()}


class Tally:
    """Counts what was found and missed."""

    def __init__(self, lexicon: Lexicon):
        self._lexicon = lexicon
        self.said: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.false: Counter[str] = Counter()
        self.intact: Counter[str] = Counter()
        self._turns: list[tuple[str, SaidTurn]] = []  # what was heard of each
        self.by_length: dict[str, Counter[str]] = defaultdict(Counter)
        self.examples: dict[str, list[tuple[str, str, str]]] = defaultdict(list)

    def add(self, one: Scene, matches: Iterable[Match]) -> None:
        """Counts a call by what was found in it."""
        by_turn: dict[int, dict[str, str]] = defaultdict(dict)
        for match in matches:
            by_turn[one.words.turn[match.first_word]][match.category] = match.text
        heard: dict[int, list[str]] = defaultdict(list)
        for text, turn in zip(one.words.text, one.words.turn, strict=True):
            heard[turn].append(text)
        for n, turn in enumerate(one.turns):
            self._turns.append((' '.join(heard[n]), turn))
            wanted = {category for category, _ in turn.said}
            for category, phrase in turn.said:
                self.said[category] += 1
                self._survived(category, phrase, heard[n], category in by_turn[n])
                if category in by_turn[n]:
                    self.found[category] += 1
                else:
                    self.examples[category].append(('missed', phrase, ' '.join(heard[n])))
            for category, text in by_turn[n].items():
                if category not in wanted and not self._true(category, turn):
                    self.false[category] += 1
                    self.examples[category].append(('false', text, turn.text))

    def _true(self, category: str, turn: SaidTurn) -> bool:
        """Whether a turn holds, as it was meant, a phrase of a category word for word."""
        callers = self._lexicon.caller_categories
        if category != 'backchannel' and (category in callers) != (turn.speaker == 'caller'):
            return False
        line = _line(self._lexicon.language, turn.text)
        return any(_pattern(self._lexicon.language, phrase).search(line)
                   for phrase in self._lexicon.categories[category])

    def _survived(self, category: str, phrase: str, heard: Sequence[str], found: bool) -> None:
        """Counts phrases that no error hit, and each by how long it is."""
        tongue = tongue_of(self._lexicon.language)
        line = _line(self._lexicon.language, ' '.join(heard))
        intact = _pattern(self._lexicon.language, phrase).search(line) is not None
        self.intact[category] += intact
        meant = tongue.tokenise(re.sub(r'\{\w+\}', ' ', phrase).split()).tokens
        tokens = len(meant)
        short, long = LENGTHS[tongue.letters]
        length = 'short' if tokens <= short else 'long' if tokens >= long else 'middle'
        self.by_length[length].update(said=1, intact=int(intact), found=int(found))

    def _ideal(self) -> dict[str, float]:
        """The recall of each category that the errors leave at the target's precision."""
        heard = [(text, turn) for text, turn in self._turns if text]
        names = [name for name in self._lexicon.categories if self.said[name]]
        callers = self._lexicon.caller_categories
        weight = ideal.weights(self._lexicon.language, {
            name: self._lexicon.categories[name] for name in names}, [text for text, _ in heard])
        may = np.array([[name == 'backchannel' or (name in callers) == (turn.speaker == 'caller')
                         for _, turn in heard] for name in names])
        weight = np.where(may, weight, 0.0)
        out = {}
        for n, name in enumerate(names):
            put = np.array([any(name == said for said, _ in turn.said) for _, turn in heard])
            counts = may[n] & (put | ~np.array([self._true(name, turn) for _, turn in heard]))
            # Turns of which nothing was heard are missed as well.
            out[name] = round(ideal.recall(weight[n], np.delete(weight, n, 0).max(axis=0), put,
                                           counts, TARGET['precision'])
                              * float(put.sum()) / self.said[name], 4)
        return out

    def figures(self) -> dict[str, Any]:
        names = [name for name in self._lexicon.categories if self.said[name] or self.false[name]]
        reach = self._ideal()
        by = {name: {'said': self.said[name], 'intact': _share(self.intact[name], self.said[name]),
                     'ideal': reach.get(name),
                     'recall': _share(self.found[name], self.said[name]),
                     'precision': _share(self.found[name], self.found[name] + self.false[name])}
              for name in names}
        said, found, false = (sum(count.values()) for count in (self.said, self.found, self.false))
        below = [name for name in names if any(
            (by[name][figure] or 0.0) < least for figure, least in TARGET.items())]
        left = sum(reach.get(name, 0.0) * self.said[name] for name in names)
        return {'recall': _share(found, said), 'precision': _share(found, found + false),
                'intact': _share(sum(self.intact.values()), said),
                'ideal': round(left / said, 4) if said else None,
                'within_reach': [name for name in names
                                 if (reach.get(name) or 0.0) >= TARGET['recall']],
                'by_length': {length: {'said': of['said'],
                                       'intact': _share(of['intact'], of['said']),
                                       'recall': _share(of['found'], of['said'])}
                              for length, of in self.by_length.items()},
                'said': said, 'below_target': below, 'by_category': by}


@lru_cache(maxsize=65536)
def _line(language: str, text: str) -> str:
    return ' ' + ' '.join(tongue_of(language).tokenise(text.split()).tokens) + ' '


@lru_cache(maxsize=16384)
def _pattern(language: str, phrase: str) -> re.Pattern[str]:
    tokenise = tongue_of(language).tokenise
    parts = [' '.join(tokenise(part.split()).tokens) if n % 2 == 0 else r'\S+(?: \S+){0,7}'
             for n, part in enumerate(re.split(r'\{(\w+)\}', phrase))]
    return re.compile(' ' + ' '.join(re.escape(part) if n % 2 == 0 else part
                                     for n, part in enumerate(parts) if part) + ' ')


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
