"""The phrase matchers of all languages, and the acts that rules ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from transforms.lexicon import Act, Lexicon
from transforms.phrases import Matcher, matcher_of


@dataclass(frozen=True, eq=False)
class Phrasebook:
    """What is looked for in each language.

    Attributes:
      lexicons: language -> its phrase lists.
      acts: act -> who says it, and the lists that know it.
      default: the language of calls whose language is not known.
    """

    lexicons: Mapping[str, Lexicon]
    acts: Mapping[str, Act]
    default: str

    def language_of(self, language: str | None) -> str:
        """The language a call is taken to be in."""
        return language or self.default

    def lexicon(self, language: str | None) -> Lexicon | None:
        """The phrase lists of a call's language; None where there are none."""
        return self.lexicons.get(self.language_of(language))

    def matcher(self, language: str | None) -> Matcher | None:
        """The matcher of a call's language, made once in a process; None: no phrase list."""
        lexicon = self.lexicon(language)
        return None if lexicon is None else matcher_of(lexicon)

    def signals(self, language: str | None) -> Matcher:
        """The matcher that tells listening signals: of the call's language, else the default."""
        return self.matcher(language) or matcher_of(self.lexicons[self.default])
