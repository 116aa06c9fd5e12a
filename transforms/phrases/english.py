"""English for the matcher; its tokens are those of `transforms.tokens`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from transforms.phrases.spelt import Likeness, sound_of, sounds
from transforms.phrases.tongue import FORBIDDEN, Tokens, Tongue
from transforms.tokens import (
    FILLERS,
    FUNCTION_WORDS,
    NEGATIONS,
    duration_end,
    may_be_name,
    tokenise,
)

_SOUNDS = sounds(
    (r'^kn', 'n'), (r'^wr', 'r'), (r'^wh', 'w'), (r'igh', 'i'), (r'[aeo]?ugh', 'o'), (r'ph', 'f'),
    (r'tion|sion', 'shn'), (r'ck', 'k'), (r'sch', 'sk'), (r'tch', 'ch'), (r'dg', 'j'),
    (r'c(?=[eiy])', 's'), (r'c(?!h)', 'k'), (r'q', 'k'), (r'x', 'ks'), (r'z', 's'),
    (r"'", ''), (r'(?<=[a-z])e$', ''), (r'(?<=[a-z])ed$', 'd'), (r'[aeiouy]+', 'a'),
    (r'(?<=[a-z])h(?![a-z])', ''))


def _split(raw: Sequence[str]) -> Tokens:
    tokens, where = tokenise(raw)
    if len(where) == len(raw) and where == list(range(len(raw))):
        return Tokens(tokens, where, where)
    # A folded pair ("good bye") has the index of its first word.
    last = [after - 1 if after > at + 1 else at
            for at, after in zip(where, [*where, len(raw)][1:], strict=True)]
    return Tokens(tokens, where, last)


@lru_cache(maxsize=65536)
def _sound(word: str) -> str:
    return sound_of(word, _SOUNDS)


def _negation(token: str) -> bool:
    return token in NEGATIONS


def _lost(token: str) -> float:
    return FORBIDDEN if token in NEGATIONS else 0.35 if token in FUNCTION_WORDS else 1.5


def _weight(token: str) -> float:
    return 0.4 if token in FUNCTION_WORDS else 1.0


def _added(token: str) -> float:
    if token in NEGATIONS:
        return FORBIDDEN
    return 0.1 if token in FILLERS else 0.35 if token in FUNCTION_WORDS else 0.8


def _name_ends(tokens: Sequence[str], at: int) -> list[int]:
    ends = []
    for end in range(at + 1, min(at + 3, len(tokens)) + 1):
        if not may_be_name(tokens[end - 1], '', False):
            break
        ends.append(end)
    return ends


ENGLISH = Tongue(
    letters=False, tokenise=_split, spoken=_split, unfolded=_split, sound=_sound,
    heard_for=Likeness(_sound, FUNCTION_WORDS, _negation), lost=_lost, added=_added,
    negation=_negation, duration_end=duration_end, name_ends=_name_ends,
    whole_turn=frozenset({'what', 'huh', 'come again'}),
    weight=_weight, allowance=(0.7, 1.3))
