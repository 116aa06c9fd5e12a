"""The shipped standard and phrase list as the modules under test take them."""

from __future__ import annotations

import dataclasses
import functools
import typing
from pathlib import Path

import yaml

from pipeline.lexicons import load_lexicon
from transforms.lexicon import Lexicon
from transforms.phrases import Matcher
from transforms.standard import Standard

CONFIGS = Path(__file__).parent.parent / 'configs'


def _built(kind, value):
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{key: _built(hints[key], item) for key, item in value.items()})
    return tuple(_built(None, item) for item in value) if isinstance(value, list) else value


@functools.cache
def default_standard() -> Standard:
    return _built(Standard, yaml.safe_load((CONFIGS / 'standards/default.yaml').read_text()))


@functools.cache
def lexicon_of(language: str) -> Lexicon:
    """A shipped phrase list."""
    return load_lexicon(language)


def english() -> Lexicon:
    return lexicon_of('en')


@functools.cache
def matcher() -> Matcher:
    """The shipped list with two brand names."""
    return Matcher(dataclasses.replace(english(), companies=('acme', 'blue harbor bank')))
