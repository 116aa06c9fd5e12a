"""Each list of each language finds its own phrases."""

import dataclasses

import pytest

from tests.standard_for_tests import lexicon_of
from transforms.phrases import Matcher
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, CALLER, Words

NAMES = {'en': 'Anna', 'id': 'Anna', 'ko': '김민수', 'ja': '田中', 'zh': '王明'}
COMPANIES = {'en': 'Acme', 'id': 'Acme', 'ko': '푸른은행', 'ja': '青港銀行', 'zh': '蓝港银行'}
WAITS = {'en': ('two minutes', 'two days'), 'id': ('dua menit', 'dua hari'),
         'ko': ('이 분', '이 일'), 'ja': ('二分', '二日'), 'zh': ('两分钟', '两天')}
A_LIST = 3  # phrases of each list


def said(text, speaker, language):
    parts = list(text.replace(' ', '')) if language in NO_SPACES else text.split()
    count = len(parts)
    return Words(tuple(map(float, range(count))), tuple(n + 0.9 for n in range(count)),
                 tuple(parts), (None,) * count, ('aligned',) * count, (0,) * count,
                 (speaker,) * count)


def filled(phrase, category, language):
    wait = WAITS[language][category == 'callback_commitment']
    for slot, value in (('{name}', NAMES[language]), ('{company}', COMPANIES[language]),
                        ('{duration}', wait)):
        phrase = phrase.replace(slot, value)
    return phrase


@pytest.mark.parametrize('language', NAMES)
def test_a_phrase_is_found_by_its_own_list(language):
    lexicon = dataclasses.replace(lexicon_of(language), companies=(COMPANIES[language],))
    matcher = Matcher(lexicon)
    missed = []
    for category, phrases in lexicon.categories.items():
        speaker = CALLER if category in lexicon.caller_categories else AGENT
        for phrase in phrases[:A_LIST]:
            words = said(filled(phrase, category, language), speaker, language)
            if category not in {match.category for match in matcher.find(words)}:
                missed.append((category, phrase))
    assert not missed


@pytest.mark.parametrize('language', NAMES)
def test_what_the_caller_says_is_never_the_agents(language):
    lexicon = lexicon_of(language)
    matcher = Matcher(lexicon)
    for category, phrases in lexicon.categories.items():
        if category in lexicon.caller_categories or category == 'backchannel':
            continue
        words = said(filled(phrases[0], category, language), CALLER, language)
        assert category not in {match.category for match in matcher.find(words)}, phrases[0]
