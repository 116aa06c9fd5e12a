"""What rules name by a word: windows of time; and whether a phrase list is good enough to miss."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from transforms.lexicon import Lexicon
from transforms.phrasebook import Phrasebook


@lru_cache(maxsize=256)
def window_of(name: str) -> tuple[str, float]:
    """The parts of a window's name: call, opening, closing; first and seconds; last and percent.
    Raises ValueError where it is no window."""
    if name in ('call', 'opening', 'closing'):
        return name, 0.0
    found = re.fullmatch(r'first (\d+(?:\.\d+)?)|last (\d+(?:\.\d+)?)%', name)
    if not found:
        raise ValueError(f'`{name}` is no window: write call, opening, closing, `first 60` '
                         '(seconds from the answer) or `last 25%`')
    return ('first', float(found[1])) if found[1] else ('last', float(found[2]))


@lru_cache(maxsize=16)
def acts_of(phrasebook: Phrasebook) -> Mapping[str, frozenset[str]]:
    """Of each phrase list, the acts that are said by its phrases."""
    pairs = [(name, act) for act, meant in phrasebook.acts.items() for name in meant.lists]
    return {name: frozenset(act for one, act in pairs if one == name) for name, _ in pairs}


@lru_cache(maxsize=64)
def unread(phrasebook: Phrasebook, language: str, accept_unreviewed: bool) -> Mapping[str, str]:
    """Of each act, why its phrase lists are not good enough to prove an absence; '' where they
    are."""
    lexicon = phrasebook.lexicon(language)
    return {act: _unread(lexicon, language, act, meant.lists, accept_unreviewed)
            for act, meant in phrasebook.acts.items()}


def _unread(lexicon: Lexicon | None, language: str, act: str, lists: tuple[str, ...],
            accept_unreviewed: bool) -> str:
    if lexicon is None:
        return f'there is no phrase list for language {language}'
    if not any(name in lexicon.categories for name in lists):
        return f'no phrase list of {language} knows the act {act}'
    if any(name in lexicon.drafts for name in lists):
        return f'the phrase list of {act} is a draft'
    if lexicon.reviewed_by is None and not accept_unreviewed:
        return f'the phrase list of {act} has not been reviewed'
    return ''
