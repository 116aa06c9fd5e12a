"""Languages that are compared by the character: one spelling, and where each character is from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from transforms.phrases.tongue import Tokens

NOT = '¬'  # stands before a token that negates
_NO_LETTER = re.compile(r'[\W_]+')


@lru_cache(maxsize=65536)
def bare(word: str) -> str:
    """NFKC, lower case, no spaces and no punctuation."""
    return _NO_LETTER.sub('', unicodedata.normalize('NFKC', word).lower())


# First letters up to which a pattern of all strings is faster than to look each of them up.
FEW = 64


class Folds:
    """Replaces strings by tokens, the longest string first, and keeps count of the words."""

    def __init__(self, folds: Mapping[str, Sequence[str]],
                 clean: Callable[[str], str] = bare):
        self._clean = lru_cache(maxsize=65536)(clean)
        self._folds = {string: list(tokens) for string, tokens in folds.items()}
        by_start: dict[str, list[str]] = {}
        for string in sorted(folds, key=len, reverse=True):
            by_start.setdefault(string[0], []).append(string)
        self._lengths = {start: list(dict.fromkeys(map(len, strings)))
                         for start, strings in by_start.items()}
        self._pattern = re.compile('|'.join(map(
            re.escape, [s for strings in by_start.values() for s in strings])
        ) if len(by_start) <= FEW else f'[{"".join(map(re.escape, by_start))}]')

    def __call__(self, raw: Sequence[str]) -> Tokens:
        parts = [self._clean(word) for word in raw]
        return self.folded(''.join(parts),
                           [index for index, part in enumerate(parts) for _ in part])

    def folded(self, text: str, word: Sequence[int]) -> Tokens:
        """The tokens of cleaned text; `word` is each character's."""
        tokens: list[str] = []
        first: list[int] = []
        last: list[int] = []
        done = 0
        for found in self._pattern.finditer(text):
            start = found.start()
            if start < done or not (string := self._longest(text, start)):
                continue
            end = start + len(string)
            tokens += text[done:start]
            first += word[done:start]
            last += word[done:start]
            to = self._folds[string]
            tokens += to
            # A fold as long as what it replaces keeps each character's own word.
            if len(to) == end - start:
                first += word[start:end]
                last += word[start:end]
            else:
                first += [word[start]] * len(to)
                last += [word[end - 1]] * len(to)
            done = end
        tokens += text[done:]
        first += word[done:]
        last += word[done:]
        return Tokens(tokens, first, last)

    def _longest(self, text: str, start: int) -> str:
        """The longest string that is replaced and begins here; '' if none does."""
        for length in self._lengths[text[start]]:
            string = text[start:start + length]
            if string in self._folds:
                return string
        return ''


def duration_pattern(number: str, short: str, long: str) -> dict[str | None, re.Pattern[str]]:
    """Patterns of a number and a unit: for 'short' spans, 'long' ones and None, any."""
    return {span: re.compile(f'(?:{number})(?:{units})')
            for span, units in (('short', short), ('long', long), (None, f'{short}|{long}'))}


def pattern_end(pattern: re.Pattern[str], tokens: Sequence[str], at: int) -> int | None:
    """Where what a pattern describes ends, in tokens, if it starts at one; None if it does not."""
    ahead = tokens[at:at + 12]
    found = pattern.match(''.join(ahead))
    if found is None:
        return None
    length, count = found.end(), 0
    while length > 0 and count < len(ahead):
        length -= len(ahead[count])
        count += 1
    return at + count if length == 0 else None


def to_letters(pairs: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Folds from one spelling to another, by the character."""
    return {string: tuple(to) for string, to in pairs.items()}


def kept(strings: Iterable[str], token: str) -> dict[str, tuple[str, ...]]:
    """Folds of strings to one token."""
    return dict.fromkeys(strings, (token,))
