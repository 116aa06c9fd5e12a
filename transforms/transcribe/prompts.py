"""Prompts: what Whisper is told before it hears a call, so that it spells names as they are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from transforms.conversation import Reference
from transforms.transcribe.seam import PromptOptions
from transforms.transcribe.segments import UNSPACED

NAME_FIELDS = ('agent_name', 'caller_name', 'queue')  # of the manifest


def prompt_of(ref: Reference, language: str, phrases: Mapping[str, Sequence[str]],
              companies: Sequence[str], count_tokens: Callable[[str], int],
              options: PromptOptions) -> str | None:
    """The prompt for a call; None where there is nothing to tell.

    Names come first in the counting and last in the text: Whisper leans on what it read last.

    Args:
      phrases: category to phrases in this language; none where there is no list for it. Phrases
        with a slot ({company}) take the call's own name for it, or are left out.
      companies: brand names as they may be heard.
      count_tokens: of a text, by the model's own tokenizer.
    """
    if not options.enabled:
        return None
    stop, space = ('。', '') if language in UNSPACED else ('.', ' ')
    names = _names(ref, companies) if options.names else []
    chosen: list[str] = []

    def text(sentences: Sequence[str]) -> str:
        told = [*sentences, ', '.join(names)] if names else sentences
        return space.join(_sentence(sentence, stop) for sentence in told)

    while names and count_tokens(text([])) > options.max_tokens:
        names.pop()
    slots = {'company': companies[0]} if companies else {}
    for phrase in _in_turns([phrases.get(category, ()) for category in options.categories]):
        filled = _filled(phrase, slots)
        if filled is None or filled in chosen:
            continue
        if count_tokens(text([*chosen, filled])) > options.max_tokens:
            break
        chosen.append(filled)
    return text(chosen) or None


def _names(ref: Reference, companies: Sequence[str]) -> list[str]:
    row = json.loads(ref.manifest)
    given = [str(row[name]).strip() for name in NAME_FIELDS if row.get(name)]
    return list(dict.fromkeys([*given, *companies]))


def _in_turns(lists: Sequence[Sequence[str]]) -> list[str]:
    """The first of each list, then the second of each, and so on."""
    longest = max((len(phrases) for phrases in lists), default=0)
    return [phrases[n] for n in range(longest) for phrases in lists if n < len(phrases)]


def _filled(phrase: str, slots: Mapping[str, str]) -> str | None:
    for slot, value in slots.items():
        phrase = phrase.replace(f'{{{slot}}}', value)
    return None if '{' in phrase else phrase


def _sentence(text: str, stop: str) -> str:
    return f'{text[:1].upper()}{text[1:]}{stop}'
