"""Phrase lists and acts, as the matcher and the rules take them.

Read from `configs/lexicon/*.yaml` by `pipeline.lexicons`; nothing here has a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The phrases of one language.

    Attributes:
      language: ISO 639-1.
      reviewed_by: the native speaker who read the lists, None if nobody did.
      companies: the brand names as they may be heard; with none, {company} is any name.
      categories: category -> phrases, slots in braces.
      drafts: the categories that are a mere start (`reviewed: none`): nothing follows from their
        not being found, whatever the standard accepts.
      caller_categories: those that are looked for in the caller's words; all others, but for
        listening signals, in the agent's alone.
      strictness: phrase -> 0..1, where it is not the matcher's own: 1 takes the exact words alone.
    """

    language: str
    reviewed_by: str | None
    companies: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    drafts: frozenset[str]
    caller_categories: frozenset[str]
    strictness: Mapping[str, float]


@dataclass(frozen=True)
class Act:
    """Something that is said, whatever the words: who says it, and the lists that know it."""

    speaker: str  # agent | caller
    lists: tuple[str, ...]
    means: str
