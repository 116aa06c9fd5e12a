"""The shipped standard and phrase lists as the modules under test take them."""

from __future__ import annotations

import dataclasses
import functools

from pipeline.lexicons import load_lexicon
from pipeline.standards import load_phrasebook, load_standard
from transforms.lexicon import Lexicon
from transforms.phrasebook import Phrasebook
from transforms.phrases import Matcher
from transforms.standard import Standard


@functools.cache
def default_standard() -> Standard:
    return load_standard('default')


def lexicon_of(language: str) -> Lexicon:
    """A shipped phrase list."""
    return load_lexicon(language)


def english() -> Lexicon:
    return lexicon_of('en')


@functools.cache
def phrasebook() -> Phrasebook:
    """The shipped phrase lists of all languages; English where a call names none."""
    return load_phrasebook('en')


@functools.cache
def matcher() -> Matcher:
    """The shipped list with two brand names."""
    return Matcher(dataclasses.replace(english(), companies=('acme', 'blue harbor bank')))


@functools.cache
def reviewed_phrasebook() -> Phrasebook:
    """The shipped phrase lists as if a native speaker had read and accepted all of them."""
    book = phrasebook()
    return dataclasses.replace(book, lexicons={language: dataclasses.replace(
        lexicon, drafts=frozenset(), reviewed_by='A. Reader')
        for language, lexicon in book.lexicons.items()})
