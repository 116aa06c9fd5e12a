"""Phrases: what was said, by the lists of `configs/lexicon`, with the times of its words.

One pass over a call finds every phrase of every list: exact phrases through a token trie, phrases
of five words or more also with one slip (speech recognition loses and swaps small words: at 15 %
word errors an exact five-word phrase survives 44 % of the time).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from transforms.lexicon import Lexicon
from transforms.slips import SlipIndex
from transforms.tokens import FILLERS, alike, duration_end, may_be_name, tokenise
from warehouse.records import AGENT, CALLER, Words

MAX_SKIPS = 2
MIN_WORDS_TO_SKIP = 3
OPENING_S = 15.0  # the opening window, document 002 L48

WHOLE_TURN_CATEGORIES = frozenset({'backchannel', 'banned_opening'})
WHOLE_TURN_PHRASES = frozenset({'what', 'huh', 'come again'})

# Both are true of one text; of all other pairs the longer alone.
_BOTH_TRUE = frozenset({frozenset({'thanks_for_calling', 'company_introduction'})})
_BESIDE_ANY = frozenset({'please'})

_OPENING_WEIGHTS = {
    'greeting': 0.15, 'company_introduction': 0.3, 'self_introduction': 0.2,
    'offer_of_help': 0.4, 'thanks_for_calling': 0.35, 'caller_opening': -0.4,
}


Span = tuple[int, int]


@dataclass(frozen=True)
class Match:
    """A phrase that was said: from its first to its last word, inclusive indices of `Words`.

    `score` is 1.0 for the exact phrase, less by 0.02 a skipped filler, 0.1 a slip and 0.2 for a
    name or company that only its place gives away.
    """

    category: str
    speaker: str
    start_s: float
    end_s: float
    first_word: int
    last_word: int
    text: str
    score: float


@dataclass
class _Node:
    children: dict[str, _Node] = field(default_factory=dict)
    slots: dict[str, _Node] = field(default_factory=dict)
    ends: list[tuple[str, int]] = field(default_factory=list)  # category, words of the phrase


@dataclass(frozen=True)
class _Hit:
    category: str
    first: int  # token
    last: int  # token, exclusive
    score: float
    guess: Span | None = None  # the tokens taken for a name or company by their place alone


class _Text:
    """The tokens of one turn."""

    __slots__ = ('cased', 'raw', 'tokens', 'where')

    def __init__(self, raw: Sequence[str], cased: bool):
        self.raw = raw
        self.cased = cased
        self.tokens, self.where = tokenise(raw)

    def is_filler(self, at: int) -> bool:
        token = self.tokens[at]
        if token in FILLERS:
            return True
        word = self.where[at]
        return (self.cased and word > 0 and self.raw[word - 1][-1:] not in '.?!'
                and may_be_name(token, self.raw[word], True))


class _Tree:
    """The phrases of some categories, ready to be looked for."""

    def __init__(self, phrases: Iterable[tuple[str, str]], companies: Sequence[tuple[str, ...]]):
        self.root = _Node()
        self.companies = companies
        self.after_slot: set[str] = set()  # tokens that follow a slot at a phrase's start
        plain: list[tuple[str, tuple[str, ...]]] = []
        for category, phrase in phrases:
            tokens = _pattern(phrase)
            self._add(category, tokens)
            if len(tokens) > 1 and tokens[0].startswith('{'):
                self.after_slot.add(tokens[1])
            if not any(token.startswith('{') for token in tokens):
                plain.append((category, tokens))
        self.slips = SlipIndex(plain)

    def _add(self, category: str, tokens: Sequence[str]) -> None:
        node = self.root
        for token in tokens:
            if token == '{duration}':
                token = '{short}' if category == 'hold_time_limit' else '{long}' \
                    if category == 'callback_commitment' else token
            branch = node.slots if token.startswith('{') else node.children
            node = branch.setdefault(token, _Node())
        node.ends.append((category, len(tokens)))

    def hits(self, text: _Text) -> list[_Hit]:
        tokens, children = text.tokens, self.root.children
        out: list[_Hit] = []
        for at, token in enumerate(tokens):
            node = children.get(token)
            if node is not None:
                self._walk(text, node, at, at + 1, out)
            if token in self.after_slot:
                for start in range(max(0, at - 3), at):
                    for slot, node in self.root.slots.items():
                        for end, guess in self._slot_ends(text, slot, start):
                            if end == at:
                                self._walk(text, node, start, end, out, guess)
        out += [_Hit(*slip) for slip in self.slips.find(tokens)]
        return out

    def _walk(self, text: _Text, node: _Node, first: int, at: int, out: list[_Hit],
              guess: Span | None = None) -> None:
        tokens, count = text.tokens, len(text.tokens)
        stack = [(node, at, 0, guess, True)]  # the last: a word was taken, none skipped
        while stack:
            node, at, skips, guess, taken = stack.pop()
            for category, words in node.ends:
                if taken and (skips == 0 or words >= MIN_WORDS_TO_SKIP):
                    score = 1.0 - 0.02 * skips - (0.2 if guess else 0.0)
                    out.append(_Hit(category, first, at, score, guess))
            if at >= count or not (node.children or node.slots):
                continue
            child = node.children.get(tokens[at])
            if child is not None:
                stack.append((child, at + 1, skips, guess, True))
            for slot, after in node.slots.items():
                stack += [(after, end, skips, guessed or guess, True)
                          for end, guessed in self._slot_ends(text, slot, at)]
            if skips < MAX_SKIPS and text.is_filler(at):
                stack.append((node, at + 1, skips + 1, guess, False))

    def _slot_ends(self, text: _Text, slot: str, at: int) -> list[tuple[int, Span | None]]:
        """Where a slot that starts at a token can end, and what of it is guessed."""
        tokens = text.tokens
        if slot in ('{duration}', '{short}', '{long}'):
            end = duration_end(tokens, at, None if slot == '{duration}' else slot[1:-1])
            return [] if end is None else [(end, None)]
        if slot == '{company}' and self.companies:
            return [(at + len(name), None) for name in self.companies
                    if _same_name(tokens[at:at + len(name)], name)]
        known = text.cased and slot == '{name}'
        ends: list[tuple[int, Span | None]] = []
        for end in range(at + 1, min(at + 3, len(tokens)) + 1):
            word = text.where[end - 1]
            if not may_be_name(tokens[end - 1], text.raw[word], text.cased) \
                    or (word and text.raw[word - 1][-1:] in '.?!'):
                break
            ends.append((end, None if known else (at, end)))
        return ends


class Matcher:
    """A lexicon made ready. Make it once with `matcher_of`: it costs some 10 ms."""

    def __init__(self, lexicon: Lexicon):
        self.lexicon = lexicon
        companies = [tuple(tokenise(name.split())[0]) for name in lexicon.companies]
        pairs = [(category, phrase) for category, phrases in lexicon.categories.items()
                 for phrase in phrases if companies or not _ambiguous(lexicon, phrase)]
        anywhere = [(category, phrase) for category, phrase in pairs
                    if category not in WHOLE_TURN_CATEGORIES and phrase not in WHOLE_TURN_PHRASES]
        callers = lexicon.caller_categories
        self._agent = _Tree((p for p in anywhere if p[0] not in callers), companies)
        self._caller = _Tree((p for p in anywhere if p[0] in callers), companies)
        self._whole = {(category, _pattern(phrase)) for category, phrase in pairs
                       if category == 'banned_opening' or phrase in WHOLE_TURN_PHRASES}
        self._signals = {_pattern(phrase) for phrase in lexicon.categories.get('backchannel', ())}
        self._longest_signal = max(map(len, self._signals), default=0)
        self.signal_tokens = frozenset(s[0] for s in self._signals if len(s) == 1)

    def find(self, words: Words) -> tuple[Match, ...]:
        """Every phrase in a call's words (turn and speaker set), in order of time.

        The caller's words are searched for the caller's categories and listening signals alone.
        Words without a turn are left out: they lie in no speech.
        """
        turns: dict[int, list[int]] = {}
        for index, turn in enumerate(words.turn):
            if turn >= 0:
                turns.setdefault(turn, []).append(index)
        cased = is_cased(words.text)
        first_agent = min((t for t, at in turns.items() if words.speaker[at[0]] == AGENT),
                          default=-1)
        out: list[Match] = []
        for turn, at in turns.items():
            text = _Text([words.text[i] for i in at], cased)
            if words.speaker[at[0]] == CALLER:
                hits = self._caller.hits(text) + self._whole_turn(text, ())
            else:
                banned = ('banned_opening',) if turn == first_agent else ()
                hits = self._agent.hits(text) + self._whole_turn(
                    text, ('repeat_request_banned', *banned))
            out += (_match(words, at, text, hit) for hit in _best(hits))
        return tuple(sorted(out, key=lambda m: (m.start_s, m.end_s, m.speaker, m.category)))

    def opening_categories(self, words: Sequence[str]) -> set[str]:
        """The categories, the caller's included, that occur in the words of one lane."""
        text = _Text(words, is_cased(words))
        return {hit.category for tree in (self._agent, self._caller)
                for hit in _best(tree.hits(text))}

    def is_signal(self, words: Sequence[str]) -> bool:
        """Whether the words are listening signals ("right, okay") and nothing else."""
        tokens = tokenise(words)[0]
        return bool(tokens) and self._is_signal(tokens)

    def _is_signal(self, tokens: Sequence[str]) -> bool:
        reached = {0}
        for start in range(len(tokens)):
            if start in reached:
                reached |= {start + n for n in range(1, self._longest_signal + 1)
                            if tuple(tokens[start:start + n]) in self._signals}
        return len(tokens) in reached

    def _whole_turn(self, text: _Text, categories: Sequence[str]) -> list[_Hit]:
        count = len(text.tokens)
        if not 0 < count <= 6:
            return []
        whole = tuple(text.tokens)
        out = [_Hit(category, 0, count, 1.0) for category in categories
               if (category, whole) in self._whole]
        if self._is_signal(whole):
            out.append(_Hit('backchannel', 0, count, 1.0))
        return out


@lru_cache(maxsize=16)
def matcher_of(lexicon: Lexicon) -> Matcher:
    """The lexicon's matcher, made once in a process."""
    return Matcher(lexicon)


def opening_score(words: Words, matcher: Matcher) -> float:
    """How much the first 15 s of a lane sound like an agent answering, 0 to 1.

    Greeting, company, name, offer of help and thanks for calling speak for it; what callers begin
    with ("i'm calling about") against it. 0 also where there are no words.
    """
    timed = [start for start in words.start_s if start is not None]
    if not timed:
        return 0.0
    until = min(timed) + OPENING_S
    opening = [text for text, start in zip(words.text, words.start_s, strict=True)
               if start is None or start <= until]
    found = matcher.opening_categories(opening)
    return min(1.0, max(0.0, sum(_OPENING_WEIGHTS.get(category, 0.0) for category in found)))


def is_cased(texts: Sequence[str]) -> bool:
    """Whether a transcript tells capital letters apart ("I" alone does not count)."""
    return any(text[:1].isupper() and text[1:] not in ('', "'m", "'ll", "'d", "'ve")
               for text in texts)


@lru_cache(maxsize=4096)
def _pattern(phrase: str) -> tuple[str, ...]:
    """A phrase's tokens, slots kept as they are written."""
    out: list[str] = []
    plain: list[str] = []
    for word in phrase.split():
        if word.startswith('{'):
            out += tokenise(plain)[0]
            out.append(word)
            plain = []
        else:
            plain.append(word)
    return (*out, *tokenise(plain)[0])


def _ambiguous(lexicon: Lexicon, phrase: str) -> bool:
    """Whether, with no company known, a company phrase says the same as a name phrase."""
    return phrase.replace('{company}', '{name}') in lexicon.categories.get(
        'self_introduction', ()) and '{company}' in phrase


def _same_name(heard: Sequence[str], name: Sequence[str]) -> bool:
    return len(heard) == len(name) and (
        tuple(heard) == tuple(name) or alike(''.join(heard), ''.join(name)))


def _best(hits: list[_Hit]) -> list[_Hit]:
    """Without the hits that overlap a longer one, unless both are true of the text.

    What is part of another phrase is no guessed name: "thank you for calling goodbye".
    """
    firm = [hit for hit in hits if hit.guess is None]
    hits = firm + [hit for hit in hits if hit.guess and not any(
        other.first < hit.guess[1] and hit.guess[0] < other.last for other in firm)]
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda h: (h.first - h.last, -h.score, h.first, h.category)):
        for other in kept:
            if hit.first < other.last and other.first < hit.last and (
                    other.category == hit.category
                    or not (_both_true(hit.category, other.category)
                            or (hit.first, hit.last) == (other.first, other.last))):
                break
        else:
            kept.append(hit)
    return kept


def _both_true(a: str, b: str) -> bool:
    return a in _BESIDE_ANY or b in _BESIDE_ANY or frozenset((a, b)) in _BOTH_TRUE


def _match(words: Words, at: Sequence[int], text: _Text, hit: _Hit) -> Match:
    low, high = text.where[hit.first], text.where[hit.last - 1]
    # A folded pair ("good bye") has the index of its first word.
    if hit.last < len(text.where):
        high = max(high, text.where[hit.last] - 1)
    elif hit.last == len(text.tokens):
        high = len(at) - 1
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
