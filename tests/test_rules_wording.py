from dataclasses import replace

import pytest

from tests.rules_for_tests import finding
from tests.standard_for_tests import default_standard, phrasebook
from warehouse.records import AGENT, CALLER

HELLO = 'Good morning, how can I help you?'


def of(rule, *texts, language='en', **given):
    """The finding on a call: texts of the agent, those of the caller begin with `C:`."""
    said = []
    for i, text in enumerate(texts):
        who, words = (CALLER, text[2:]) if text.startswith('C:') else (AGENT, text)
        words = words.strip()
        said.append((who, 3.4 * i, 3.4 * i + 3.0,
                     ' '.join(words) if language in ('ja', 'zh') else words))
    return finding(f'wording-{rule}', said, 3.4 * len(texts) + 1.0, language=language, **given)


def with_options(rule, **options):
    """The default standard with other options of a rule: a site's own lists."""
    standard = default_standard()
    return replace(standard, rules=tuple(
        replace(one, options={**one.options, **options}) if one.id == f'wording-{rule}' else one
        for one in standard.rules))


@pytest.mark.parametrize(('language', 'texts', 'result'), [
    ('ko', ['안녕하세요. 무엇을 도와드릴까요? 확인해 드리겠습니다.'], 'pass'),
    ('ko', ['안녕하세요.', 'C:네.', '그건 나도 모르는데 왜 자꾸 물어.'], 'fail'),
    ('ja', ['お電話ありがとうございます。確認いたします。'], 'pass'),
    ('ja', ['確認いたします。', 'C:はい。', 'そんなこと知らないよ。'], 'fail'),
    ('en', [HELLO], 'not_applicable'), ('id', ['Selamat pagi.'], 'not_applicable')])
def test_polite_endings_are_kept_throughout_where_the_language_has_them(language, texts, result):
    found = of('polite-language', *texts, language=language)
    assert found.result == result
    if result == 'fail':
        assert found.score == pytest.approx(0.5) and found.start_s == pytest.approx(6.8)


def test_endings_that_may_have_been_lost_fail_nobody():
    rude = ['그건 나도 모르는데 왜 자꾸 물어.']
    assert of('polite-language', *rude, language='ko', confidence=0.4).result == 'unknown'
    assert of('polite-language', *rude, language='ko', transcript_trust='low').result == 'unknown'


@pytest.mark.parametrize(('language', 'text', 'result'), [
    ('id', 'Nama kamu siapa?', 'fail'), ('id', 'Nama Bapak siapa?', 'pass'),
    ('en', HELLO, 'not_applicable'), ('zh', '你的号码是多少', 'not_applicable')])
def test_the_formal_you_is_used(language, text, result):
    assert of('formal-address', text, language=language).result == result


def test_an_informal_you_of_a_draft_list_is_not_proved_absent():
    assert of('formal-address', 'Nama Bapak siapa?', language='id',
              book=phrasebook()).result == 'unknown'


@pytest.mark.parametrize(('language', 'texts', 'result'), [
    ('en', ['Please hold.', 'Thank you.'], 'pass'), ('en', ['Thank you.'], 'fail'),
    ('id', ['Mohon maaf.', 'Terima kasih.'], 'pass'), ('id', ['Selamat pagi.'], 'fail')])
def test_please_and_thank_you_are_both_said(language, texts, result):
    assert of('please-and-thank-you', *texts, language=language).result == result
    if result == 'fail':
        assert of('please-and-thank-you', *texts, language=language,
                  transcript_trust='low').result == 'unknown'


ANN = {'caller_name': 'Ann Lee'}


@pytest.mark.parametrize(('texts', 'metadata', 'result'), [
    (['Good morning, Mrs Lee.', 'C: Yes.'], ANN, 'pass'),
    (['Good morning.', 'C: Yes.'], ANN, 'fail'),
    (['Good morning.', 'C: My name is Ann Lee.', 'Thank you, Ann.'], None, 'pass'),
    (['Good morning.', 'C: My name is Ann Lee.', 'Thank you.'], None, 'fail'),
    (['Good morning.', 'C: Yes.'], None, 'not_applicable'),
    (['Yes, Mrs Lee.', 'C: Yes.'] * 9, ANN, 'fail')])
def test_the_caller_is_addressed_by_name_now_and_then(texts, metadata, result):
    assert of('uses-customer-name', *texts, metadata=metadata).result == result


def test_a_name_in_korean_is_heard_with_what_follows_it():
    assert of('uses-customer-name', '네 김민수님 확인했습니다', language='ko',
              metadata={'caller_name': '김민수'}).result == 'pass'


def test_a_name_that_may_have_gone_unheard_or_is_nobodys_matter_fails_nobody():
    assert of('uses-customer-name', 'Good morning.', metadata=ANN,
              transcript_trust='low').result == 'unknown'
    assert of('uses-customer-name', 'Good [account] morning.', metadata=ANN).result == 'unknown'
    assert of('uses-customer-name', HELLO, book=phrasebook()).result == 'unknown'
    standard = default_standard()
    silent = replace(standard, name_use=replace(standard.name_use, min_uses=None, max_uses=None))
    assert of('uses-customer-name', 'Good morning.', metadata=ANN,
              standard=silent).result == 'not_applicable'


@pytest.mark.parametrize(('language', 'text', 'result'), [
    ('en', "I don't know.", 'fail'), ('en', 'I will find out.', 'pass'),
    ('zh', '我不知道', 'fail'), ('zh', '我帮您查一下', 'pass')])
def test_forbidden_phrases_are_not_said(language, text, result):
    found = of('forbidden-words', text, language=language)
    assert found.result == result
    if result == 'fail':
        assert found.start_s is not None and found.evidence
    else:
        assert of('forbidden-words', text, language=language,
                  transcript_trust='low').result == 'unknown'


@pytest.mark.parametrize(('start', 'result'), [
    ('No, it is in York.', 'fail'), ('No problem, it is in York.', 'pass'),
    ('Nobody is in York.', 'pass'), ('Yes, it is in York.', 'pass')])
def test_turns_rarely_begin_with_no(start, result):
    texts = [text for _ in range(6) for text in ('Yes, it is.', 'C: Really?')]
    found = of('forbidden-words', *texts, *([start, 'C: Fine.'] * 4))
    assert found.result == result, found.why


@pytest.mark.parametrize(('rule', 'bad', 'language'), [
    ('no-diminutives', 'I have a little question.', 'en'),
    ('no-demeaning-terms', "I'll ask the girls.", 'en'),
    ('no-insults', 'Are you deaf?', 'en'),
    ('no-profanity', 'What the hell', 'en')])
def test_what_is_never_to_be_said_fails_where_it_was(rule, bad, language):
    found = of(rule, HELLO, 'C: Yes.', bad)
    assert found.result == 'fail' and found.evidence and found.start_s >= 6.8
    assert of(rule, HELLO, 'C: Yes.').result == 'pass'
    assert of(rule, HELLO, 'C: Yes.', book=phrasebook()).result == 'unknown'
    assert of(rule, HELLO, transcript_trust='low').result == 'unknown'


def test_diminutives_are_no_matter_of_other_languages():
    for language in ('id', 'ko', 'ja', 'zh'):
        assert of('no-diminutives', '네', language=language).result == 'not_applicable'


@pytest.mark.parametrize(('texts', 'result'), [
    (['The backend is down.', 'C: Oh.'], 'fail'), (['It is down.', 'C: Oh.'], 'pass'),
    (['C: Is the backend down?', 'The backend is down.'], 'pass')])
def test_jargon_is_left_to_callers_who_use_it(texts, result):
    listed = with_options('plain-words', jargon=('backend',))
    assert of('plain-words', *texts, standard=listed).result == result
    assert of('plain-words', *texts).result == 'not_applicable'
    assert of('plain-words', *texts, standard=listed, transcript_trust='low').result == 'unknown'


@pytest.mark.parametrize(('lengths', 'result'), [
    ([10, 10, 10], 'pass'), ([70, 10, 10], 'fail'), ([100, *[5] * 20], 'fail'),
    ([80, *[5] * 20], 'pass')])
def test_answers_are_short(lengths, result):
    said, at = [], 0.0
    for length in lengths:
        said += [(AGENT, at, at + length, 'so it goes on'), (CALLER, at + length + 0.4,
                                                            at + length + 1.4, 'I see that.')]
        at += length + 2.0
    found = finding('wording-concise-answers', said, at)
    assert found.result == result
    if result == 'fail':
        assert (found.speaker, found.start_s) == (AGENT, 0.0)
    assert finding('wording-concise-answers', [(CALLER, 0.0, 2.0, 'Hello?')],
                   3.0).result == 'not_applicable'


def test_promises_are_shown_to_a_person_and_not_judged():
    found = of('no-overpromise', 'I guarantee it.')
    assert found.result == 'unknown' and found.evidence.startswith('I guarantee')
    assert of('no-overpromise', 'It is here.').result == 'pass'
    assert of('no-overpromise', 'It is here.', book=phrasebook()).result == 'unknown'


@pytest.mark.parametrize(('text', 'result'), [
    ('Globex is of poor quality.', 'unknown'), ('Globex has that too.', 'pass'),
    ('We have that too.', 'not_applicable')])
def test_other_brands_are_not_run_down(text, result):
    listed = with_options('no-disparaging-competitors', brands=('Globex',))
    found = of('no-disparaging-competitors', text, standard=listed)
    assert found.result == result
    if result == 'unknown':
        assert 'a person is to judge' in found.why and found.evidence
    assert of('no-disparaging-competitors', text).result == 'not_applicable'


ASKED = "C: Can you give me my wife's number?"


@pytest.mark.parametrize(('reply', 'result'), [
    ('For privacy reasons I may not do that.', 'pass'), ('It is five five five.', 'fail')])
def test_data_of_others_are_refused(reply, result):
    assert of('privacy-refusal', HELLO, ASKED, reply).result == result
    assert of('privacy-refusal', HELLO, 'C: Hi.', reply).result == 'not_applicable'
    assert of('privacy-refusal', HELLO, 'C: Hi.', book=phrasebook()).result == 'unknown'


def test_the_language_that_a_queue_demands_is_spoken():
    listed = with_options('standard-language', queues={'q': 'zh'})
    assert of('standard-language', '您好请问您需要什么', language='zh',
              standard=listed).result == 'pass'
    found = of('standard-language', 'How can I help you?', standard=listed)
    assert found.result == 'fail' and found.evidence == 'How can I help you?'
    assert of('standard-language', '123', standard=listed).result == 'unknown'
    assert of('standard-language', HELLO).result == 'not_applicable'


@pytest.mark.parametrize(('texts', 'result'), [
    (['May I put you on speaker so that my colleague can listen?', 'C: Yes.'], 'pass'),
    (['May I put you on speaker?', 'C: Yes.'], 'fail'),
    (['May I put you on speaker so that my colleague can listen?'], 'fail'),
    (['may i put you on speaker', 'C: yes'], 'unknown'),
    ([HELLO, 'C: Yes.'], 'not_applicable')])
def test_the_loudspeaker_needs_consent_and_a_name(texts, result):
    assert of('speakerphone-consent', *texts).result == result
    assert of('speakerphone-consent', HELLO, book=phrasebook()).result == 'unknown'
