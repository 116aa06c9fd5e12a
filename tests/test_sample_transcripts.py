"""The sign-off of the sample calls, by transcripts in five languages."""

import json
from pathlib import Path

import pytest
import yaml

from tests.calls_for_tests import call_of, words_of
from tests.standard_for_tests import default_standard, phrasebook
from transforms.assess import assess
from transforms.conversation import Lane
from transforms.intervals import union
from transforms.turns import NO_SPACES, build_turns, speech_events
from warehouse.records import AGENT, CALLER

SAMPLES = Path(__file__).parent.parent / 'samples'
TRUTH = {name: call for name, call in json.loads((SAMPLES / 'truth.json').read_text()).items()
         if call['turns']}
TRANSLATED = yaml.safe_load((SAMPLES / 'translations.yaml').read_text())
LANGUAGES = ('en', 'ko', 'ja', 'zh', 'id')


def said_in(name, language):
    """(speaker, start_s, end_s, text) of a sample call, one word a character in ja and zh."""
    turns = sorted(TRUTH[name]['turns'], key=lambda turn: turn['start_s'])
    texts = [turn['text'] for turn in turns] if language == 'en' else TRANSLATED[name][language]
    if language in NO_SPACES:
        texts = [' '.join(text) for text in texts]
    return [(turn['speaker'], turn['start_s'], turn['end_s'], text)
            for turn, text in zip(turns, texts, strict=True)]


def kpis_of(said, language):
    duration_s = max(end for _, _, end, _ in said) + 1.0
    call = call_of(duration_s, language=language, hung_up_by=CALLER)
    agent, caller = (Lane(n, tuple(union((s, e) for w, s, e, _ in said if w == who)), (),
                          words_of([turn for turn in said if turn[0] == who]))
                     for n, who in enumerate((AGENT, CALLER)))
    turns, words = build_turns(agent, caller, default_standard(), phrasebook().signals(language),
                               transcriber=call.transcriber, transcript_trust='ok')
    return assess(call, turns, words, speech_events(agent, caller), default_standard(),
                  phrasebook()).kpis[0]


@pytest.mark.parametrize('language', LANGUAGES)
@pytest.mark.parametrize('name', TRUTH)
def test_the_sign_off_is_heard_in_its_order_in_every_language(name, language):
    kpis = kpis_of(said_in(name, language), language)
    assert (kpis.signoff_order, kpis.signoff_spoken) == (
        TRUTH[name]['signoff_order'], TRUTH[name]['signoff_spoken'])


# The agent's words of an ending, and what it comes to: acts merged in one sentence, said again, and
# with the caller in between.
ENDINGS = {
    'en': ('Is there anything else I can help you with?', 'Thank you for calling and goodbye.',
           'Thank you for calling.', 'Goodbye.', 'No, thank you very much, bye.'),
    'ko': ('더 도와드릴 것이 있을까요?', '전화 주셔서 감사합니다 안녕히 계세요.',
           '전화 주셔서 감사합니다.', '안녕히 계세요.', '아니요, 감사합니다.'),
    'ja': ('他に何かお手伝いできることはございますか。',
           'お電話ありがとうございました失礼いたします。', 'お電話ありがとうございました。',
           '失礼いたします。', 'いいえ、ありがとうございました。'),
    'zh': ('请问还有什么可以帮您的吗?', '感谢您的来电再见。', '感谢您的来电。', '再见。',
           '没有了,谢谢,再见。'),
    'id': ('Apakah ada lagi yang bisa saya bantu?',
           'Terima kasih telah menelepon dan sampai jumpa.',
           'Terima kasih telah menelepon.', 'Sampai jumpa.', 'Tidak, terima kasih, sampai jumpa.'),
}
BEFORE = 'us-in-order'


def ending(language, *who_and_what):
    opening = [turn for turn in said_in(BEFORE, language) if turn[1] < 39.0]
    at = 40.0
    for who, text in who_and_what:
        spaced = ' '.join(text) if language in NO_SPACES else text
        length = 0.08 * len(text)
        opening.append((who, at, at + length, spaced))
        at += length + 0.4
    return opening


@pytest.mark.parametrize('language', LANGUAGES)
def test_acts_in_one_sentence_are_two(language):
    need, merged, _, _, no = ENDINGS[language]
    kpis = kpis_of(ending(language, (AGENT, need), (CALLER, no), (AGENT, merged)), language)
    assert (kpis.signoff_order, kpis.signoff_spoken) == (
        'further_help,thanks,farewell', 'in_order')


@pytest.mark.parametrize('language', LANGUAGES)
def test_acts_said_again_and_the_caller_in_between_change_nothing(language):
    need, _, thanks, bye, no = ENDINGS[language]
    kpis = kpis_of(ending(language, (AGENT, need), (CALLER, no), (AGENT, thanks), (CALLER, no),
                          (AGENT, bye), (CALLER, no), (AGENT, thanks)), language)
    assert (kpis.signoff_order, kpis.signoff_spoken) == (
        'further_help,thanks,farewell', 'in_order')


@pytest.mark.parametrize('language', LANGUAGES)
def test_what_the_caller_says_alone_is_no_sign_off_of_the_agent(language):
    need, *_, no = ENDINGS[language]
    kpis = kpis_of(ending(language, (AGENT, need), (CALLER, no)), language)
    assert (kpis.signoff_order, kpis.signoff_spoken) == ('further_help', 'partial')
