"""The matcher: finds the phrases of a lexicon in the words of a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from threading import Lock
from typing import NamedTuple

import numpy as np

from transforms.lexicon import Lexicon
from transforms.phrases.align import align
from transforms.phrases.choose import Hit, best
from transforms.phrases.heard import MARGIN, SCALE, Heard
from transforms.phrases.index import Index, Part
from transforms.phrases.likely import likely
from transforms.phrases.slots import LEAST_BESIDE, Filled, Piece, Slots
from transforms.phrases.texts import Text, rows_of
from transforms.phrases.tongue import SCORE_COST, Tokens
from transforms.phrases.tongues import tongue_of
from transforms.phrases.whole import WholeTurns
from warehouse.records import AGENT, CALLER, Words

# Their bare words count where a sentence begins.
OPENS_SENTENCE = frozenset({'why_question', 'assent', 'objection'})
OPENING_LETTERS = 3  # letters up to which a phrase is a bare word
SHORT = 2  # tokens up to which a phrase loses none

_OF_AGENT, _OF_CALLER = 1, 2


class Match(NamedTuple):
    """A phrase that was said: from its first to its last word, inclusive indices of `Words`.

    `score` is 1.0 for the exact phrase, less by 0.02 a filler between its words, about 0.1 a small
    word lost or a word misheard, 0.2 for a name or company that only its place gives away.
    """

    category: str
    speaker: str
    start_s: float
    end_s: float
    first_word: int
    last_word: int
    text: str
    score: float


@dataclass(frozen=True)
class _Phrase:
    category: str
    pieces: tuple[Piece, ...]
    pivot: int
    opens_sentence: bool = False
    exact: tuple[str, ...] = ()  # the unfolded tokens that alone count; () for any that fold to it

    @cached_property
    def length(self) -> int:
        return sum(len(piece) if isinstance(piece, tuple) else 1 for piece in self.pieces)


class Matcher:
    """A lexicon made ready. Make it once with `matcher_of`: it costs some 100 ms."""

    def __init__(self, lexicon: Lexicon):
        self.lexicon = lexicon
        self._lock = Lock()  # what was heard is kept from call to call
        self._tongue = tongue_of(lexicon.language)
        companies = [tuple(self._pattern(name)) for name in lexicon.companies]
        self._slots = Slots(self._tongue, [name for name in companies if name])
        self._whole = WholeTurns(self._tongue, lexicon)
        phrases = list(self._phrases())
        self.signal_tokens = self._whole.signal_tokens
        self._prepare(phrases)

    def __reduce__(self) -> tuple[type[Matcher], tuple[Lexicon]]:
        return Matcher, (self.lexicon,)

    def _phrases(self) -> Iterable[tuple[_Phrase, float]]:
        """The phrases that are looked for anywhere, and what each may differ by."""
        tongue, lexicon = self._tongue, self.lexicon
        for category, written in lexicon.categories.items():
            for phrase in written:
                tokens = tuple(self._pattern(phrase))
                if not tokens or (category, tokens) in self._whole:
                    continue
                if not self._usable(phrase):
                    continue
                opens = category in OPENS_SENTENCE and len(tokens) <= (
                    OPENING_LETTERS if tongue.letters else 1)
                yield from self._ready(category, phrase, opens)

    def _ready(self, category: str, phrase: str, opens: bool
               ) -> Iterable[tuple[_Phrase, float]]:
        """A phrase in each of its forms."""
        strict = self.lexicon.strictness.get(phrase) == 1.0 and '{' not in phrase
        exact = tuple(self._tongue.unfolded(phrase.split()).tokens) if strict else ()
        forms = dict.fromkeys(_pieces(phrase, category, tokenise)
                              for tokenise in (self._tongue.tokenise, self._tongue.spoken))
        for pieces in forms:
            literal = [n for n, piece in enumerate(pieces) if isinstance(piece, tuple)]
            if not literal:
                continue
            pivot = max(literal, key=lambda n: len(pieces[n]))
            yield (_Phrase(category, pieces, pivot, opens, exact=exact), self._tongue.allowed(
                pieces[pivot], self.lexicon.strictness.get(phrase), self._sure(pieces)))

    def _sure(self, pieces: Sequence[Piece]) -> int:
        """How many slots there are that nothing else can fill."""
        return sum(1 for piece in pieces if piece in ('{short}', '{long}', '{duration}') or (
            piece == '{company}' and self._slots.companies))

    def _usable(self, phrase: str) -> bool:
        """Whether, with no company known, a phrase says more than a name phrase or than nothing."""
        if self._slots.companies or '{company}' not in phrase:
            return True
        beside = len(self._pattern(phrase.replace('{company}', ' ').replace('{name}', ' ')))
        if self._tongue.letters and beside < LEAST_BESIDE:
            return False
        return phrase.replace('{company}', '{name}') not in self.lexicon.categories.get(
            'self_introduction', ())

    def _prepare(self, phrases: Sequence[tuple[_Phrase, float]]) -> None:
        callers = self.lexicon.caller_categories
        by_part: dict[Part, list[_Phrase]] = {}
        for phrase, allowed in phrases:
            piece = phrase.pieces[phrase.pivot]
            assert isinstance(piece, tuple)
            party = _OF_CALLER if phrase.category in callers else _OF_AGENT
            whole = len(piece) <= SHORT and not self._sure(phrase.pieces)
            by_part.setdefault(Part(piece, allowed, party, whole), []).append(phrase)
        parts = list(by_part)
        vocabulary = list(dict.fromkeys(token for part in parts for token in part.tokens))
        column = {token: n for n, token in enumerate(vocabulary)}
        heard = Heard(self._tongue, vocabulary)
        self._index = Index(self._tongue, parts, heard,
                            [[column[token] for token in part.tokens] for part in parts])
        self._of_part = list(by_part.values())

    def _pattern(self, phrase: str) -> list[str]:
        return self._tongue.tokenise(phrase.split()).tokens

    def find(self, words: Words) -> tuple[Match, ...]:
        """Every phrase in a call's words (turn and speaker set), in order of time.

        The caller's words are searched for the caller's categories and listening signals alone.
        Words without a turn are left out: they lie in no speech.
        """
        turns = _turns(words)
        cased = not self._tongue.letters and is_cased(words.text)
        texts, whose = [], []
        for at in turns:
            texts.append(Text(list(map(words.text.__getitem__, at)), cased, self._tongue))
            whose.append(words.speaker[at[0]])
        found = self._hits(texts, [_OF_CALLER if who == CALLER else _OF_AGENT for who in whose])
        first_agent = whose.index(AGENT) if AGENT in whose else -1
        out: list[Match] = []
        for turn, (at, text, hits) in enumerate(zip(turns, texts, found, strict=True)):
            banned = ('banned_opening',) if turn == first_agent else ()
            hits += self._whole.hits(
                text.tokens, () if whose[turn] == CALLER else ('repeat_request_banned', *banned))
            if hits:
                out += [_match(words, at, text, hit) for hit in best(hits)]
        return tuple(sorted(out, key=lambda m: (m.start_s, m.end_s, m.speaker, m.category)))

    def opening_categories(self, words: Sequence[str]) -> set[str]:
        """The categories, the caller's included, that occur in the words of one lane."""
        text = Text(words, is_cased(words), self._tongue)
        (hits,) = self._hits([text], [_OF_AGENT | _OF_CALLER])
        return {hit.category for hit in best(hits)}

    def _hits(self, texts: Sequence[Text], parties: Sequence[int]) -> list[list[Hit]]:
        """What was said in each turn, by the parties' own lists; the same may be there twice."""
        out: list[list[Hit]] = [[] for _ in texts]
        if not texts:
            return out
        index = self._index
        with self._lock:
            rows = rows_of(texts, index.heard)
            turn_at = np.zeros(len(rows), np.int32)
            turn_at[MARGIN:-MARGIN] = np.repeat(
                np.arange(len(texts)), [len(text.tokens) + 1 for text in texts])
            party = np.where(rows > 0, np.array(parties, np.int8)[turn_at], np.int8(0))
            part, start = index.candidates(rows, party)
            part, start = likely(index, rows, part, start)
            part, first, end, cost = align(index, rows, party, part, start)
        seen = set()
        for one in zip(part.tolist(), first.tolist(), end.tolist(), cost.tolist(), strict=True):
            if one not in seen:
                seen.add(one)
                turn = int(turn_at[one[1]])
                self._add(out[turn], texts[turn], *one)
        return out

    def _add(self, hits: list[Hit], text: Text, part: int, first: int, end: int,
             cost: int) -> None:
        first, end = first - text.at, end - text.at
        if cost and self._negated(text, first, end):
            return
        for phrase in self._of_part[part]:
            whole = len(phrase.pieces) == 1
            for filled in (Filled(first, end),) if whole else self._slots.fill(
                    text, phrase.pieces, phrase.pivot, first, end):
                if phrase.exact and not self._holds(text, filled.first, filled.end, phrase.exact):
                    continue
                if phrase.opens_sentence and not text.starts_sentence(filled.first):
                    continue
                score = max(0.05, 1.0 - SCORE_COST * cost / SCALE - filled.off)
                hits.append(Hit(phrase.category, filled.first, filled.end, score, phrase.length,
                                cost / SCALE, filled.guess, part))
                break

    def _holds(self, text: Text, first: int, end: int, exact: tuple[str, ...]) -> bool:
        """Whether the words of some tokens hold a phrase as it is written."""
        said = self._tongue.unfolded(text.raw[text.first[first]:text.last[end - 1] + 1]).tokens
        return any(tuple(said[at:at + len(exact)]) == exact for at in range(len(said)))

    def _negated(self, text: Text, first: int, end: int) -> bool:
        """Whether a "not" stands beside words that are a phrase but for a slip."""
        beside = text.tokens[max(0, first - 1):first]
        if self._tongue.letters:
            beside = beside + text.tokens[end:end + 2]
        return any(self._tongue.negation(token) for token in beside)

    def is_signal(self, words: Sequence[str]) -> bool:
        """Whether the words are listening signals ("right, okay") and nothing else."""
        return self._whole.is_signal(self._tongue.tokenise(words).tokens)


@lru_cache(maxsize=16)
def matcher_of(lexicon: Lexicon) -> Matcher:
    """The lexicon's matcher, made once in a process."""
    return Matcher(lexicon)


def is_cased(texts: Sequence[str]) -> bool:
    """Whether a transcript tells capital letters apart ("I" alone does not count)."""
    whole = ''.join(texts)
    return whole != whole.lower() and any(
        text[:1].isupper() and text[1:] not in ('', "'m", "'ll", "'d", "'ve") for text in texts)


def _turns(words: Words) -> list[list[int]]:
    """The places of each turn's words, in order of turn."""
    turn = words.arrays.turn
    places = np.flatnonzero(turn >= 0)
    of = turn[places]
    if (of[1:] < of[:-1]).any():
        places = places[np.argsort(of, kind='stable')]
        of = turn[places]
    cuts = [*np.flatnonzero(of[1:] != of[:-1]) + 1, len(of)]
    ordered = places.tolist()
    return [ordered[low:high] for low, high in zip([0, *cuts], cuts, strict=False) if low < high]


def _pieces(phrase: str, category: str, tokenise: Callable[[Sequence[str]], Tokens]
            ) -> tuple[Piece, ...]:
    """A phrase's words and slots in turn."""
    out: list[Piece] = []
    for n, piece in enumerate(re.split(r'\{(\w+)\}', phrase)):
        if n % 2:
            if piece == 'duration':
                piece = {'hold_time_limit': 'short', 'callback_commitment': 'long'}.get(
                    category, piece)
            out.append('{' + piece + '}')
        else:
            tokens = tuple(tokenise(piece.split()).tokens)
            if tokens:
                out.append(tokens)
    return tuple(out)


def _match(words: Words, at: Sequence[int], text: Text, hit: Hit) -> Match:
    low, high = text.first[hit.first], text.last[hit.last - 1]
    first, last = at[low], at[high]
    start, end = words.start_s[first], words.end_s[last]
    if start is None:
        start = _nearest(words.start_s, at, low)
    if end is None:
        end = max(start, _nearest(words.end_s, at, high))
    return Match(hit.category, words.speaker[first], start, end, first, last,
                 ' '.join(text.raw[low:high + 1]), hit.score)


def _nearest(times: Sequence[float | None], at: Sequence[int], place: int) -> float:
    """The time of the nearest word of the turn that has one; 0.0 if none has."""
    for index in sorted(range(len(at)), key=lambda i: abs(i - place)):
        time = times[at[index]]
        if time is not None:
            return time
    return 0.0
