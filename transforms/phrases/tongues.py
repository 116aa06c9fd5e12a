"""The languages that the matcher knows."""

from __future__ import annotations

from transforms.phrases.chinese import CHINESE
from transforms.phrases.english import ENGLISH
from transforms.phrases.indonesian import INDONESIAN
from transforms.phrases.japanese import JAPANESE
from transforms.phrases.korean import KOREAN
from transforms.phrases.tongue import Tongue

TONGUES = {'en': ENGLISH, 'id': INDONESIAN, 'ja': JAPANESE, 'ko': KOREAN, 'zh': CHINESE}


def tongue_of(language: str) -> Tongue:
    """The language as the matcher takes it; English for one that it does not know."""
    return TONGUES.get(language, ENGLISH)
