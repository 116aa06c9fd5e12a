"""How fast somebody speaks: words, characters or syllables per minute of speech."""

from __future__ import annotations

from collections.abc import Iterable

from transforms.tokens import tokens_of

UNITS = {'ja': 'char', 'zh': 'char', 'ko': 'syllable'}  # all other languages: word


def rate_unit(language: str) -> str:
    """The unit of a language's speech rate: word, char or syllable."""
    return UNITS.get(language, 'word')


def count_units(texts: Iterable[str], unit: str) -> int:
    """How many units some transcript words are; punctuation is none."""
    if unit == 'word':
        tokens = list(map(tokens_of, texts))
        return len(tokens) - tokens.count(())
    if unit == 'char':
        return sum(1 for text in texts for letter in text if letter.isalnum())
    return sum(_syllables(text) for text in texts)


def _syllables(text: str) -> int:
    """Hangul is written in syllables; a word in another script counts as one."""
    hangul = sum(1 for letter in text if '가' <= letter <= '힣')
    return hangul or (1 if tokens_of(text) else 0)
