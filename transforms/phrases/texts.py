"""The turns of a call as tokens, in one row with nothing between them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from transforms.phrases.heard import BESIDE, MARGIN, Heard, Ints
from transforms.phrases.tongue import Tongue
from transforms.tokens import may_be_name

READ = '読'
_SENTENCE_END = re.compile(r'[.?!。？！]["\'」』）)]*$')


class Text:
    """The tokens of one turn; `at` is where they begin in the call's row of tokens."""

    __slots__ = ('_read', 'at', 'cased', 'first', 'last', 'raw', 'tokens')

    def __init__(self, raw: Sequence[str], cased: bool, tongue: Tongue, at: int = MARGIN):
        self.raw = raw
        self.cased = cased
        self.at = at
        split = tongue.tokenise(raw)
        self.tokens, self.first, self.last = split.tokens, split.first, split.last
        self._read: list[str] | None = None if tongue.letters else self.tokens

    @property
    def read(self) -> list[str]:
        """The tokens, the reading of a character (たなか of 田中) marked as no particle."""
        if self._read is None:
            self._read = [
                READ if len(self.raw[word]) == 1 and word in (before, after) else token
                for token, before, word, after in zip(self.tokens, [-1, *self.first], self.first,
                                                      [*self.first[1:], -1], strict=False)]
        return self._read

    def amid(self, at: int) -> bool:
        """Whether a token is the reading of a character, but for its beginning."""
        return at > 0 and self.first[at] == self.first[at - 1] and self.read[at] == READ

    def letters(self, first: int, end: int) -> int:
        """How many characters some tokens are, a reading counted as the one it is read from."""
        return sum(1 for at in range(first, end) if not self.amid(at))

    def starts_sentence(self, at: int) -> bool:
        """Whether a sentence begins at a token."""
        word = self.first[at]
        return at == 0 or (word > 0 and word != self.first[at - 1] and (
            _SENTENCE_END.search(self.raw[word - 1]) is not None))

    def is_name(self, at: int) -> bool:
        """Whether the transcript's capitals say that a token is (a part of) a name."""
        return may_be_name(self.tokens[at], self.raw[self.first[at]], True)

    def marked(self) -> list[str]:
        """The tokens, names in the midst of a sentence marked as such."""
        if not self.cased:
            return self.tokens
        out = self.tokens
        capital = [word[:1].isupper() for word in self.raw]
        if True in capital:
            out = out.copy()
            for at, word in enumerate(self.first):
                if capital[word] and not self.starts_sentence(at) and self.is_name(at):
                    out[at] = BESIDE + out[at]
        return out


def rows_of(texts: Sequence[Text], heard: Heard) -> Ints:
    """The rows of all tokens; sets where each turn begins."""
    tokens: list[str] = []
    for text in texts:
        text.at = len(tokens) + MARGIN
        tokens += text.marked()
        tokens.append('')
    return heard.rows_of(tokens)
