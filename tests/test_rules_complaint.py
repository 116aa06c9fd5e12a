"""Rules of complaints and abuse: every result that each allows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.calls_for_tests import call_of, finding_of, judged, perceived_of
from tests.standard_for_tests import default_standard, reviewed_phrasebook
from transforms.rules.judge import judge
from warehouse.records import AGENT, CALLER, Event

TOLD = json.dumps({'call_type': 'complaint'})
SILENT = replace(default_standard(), abuse=replace(default_standard().abuse, policy=None))
AT_ONCE = replace(default_standard(), abuse=replace(
    default_standard().abuse, policy='end_at_once'))


def a(start_s, text, length_s=2.0):
    return AGENT, start_s, start_s + length_s, text


def c(start_s, text, length_s=2.0):
    return CALLER, start_s, start_s + length_s, text


def turns_in(*texts):
    """Agent and caller in turn, every four seconds."""
    return tuple((a if n % 2 == 0 else c)(4.0 * n, text) for n, text in enumerate(texts))


OPEN = a(0.0, 'Good morning, how can I help?')
PLAIN = (OPEN, c(3.0, 'It is about my bill.'))
ANGRY = (OPEN, c(3.0, 'I want to complain.'))
SORRY = a(6.0, 'I am sorry about that.')
DULL = a(6.0, 'It is noted.')
UNTRUSTED = {'transcript_trust': 'low'}
DRAFTS = {'drafts': True}
EN, ID, KO, JA, ZH = ({'language': one} for one in ('en', 'id', 'ko', 'ja', 'zh'))


def complaint(*more):
    return (*ANGRY, *more)


def usual(act_said, *, language, hello, complains, other):
    """Cases in a second language: what is to be said is said, or something else is."""
    return [('pass', turns_in(hello, complains, act_said), language),
            ('fail', turns_in(hello, complains, other), language)]


# Every rule of complaints alone: not known whether it is one, and no complaint.
NO_COMPLAINT = [('unknown', PLAIN, DRAFTS), ('not_applicable', PLAIN, {}),
                ('not_applicable', ANGRY, {'manifest': json.dumps({'call_type': 'order'})})]
CASES = {
    'complaint-apologises-first': [
        ('pass', complaint(SORRY), {}),
        ('pass', complaint(a(6.0, 'I am sorry. What happened?')), {}),
        ('pass', (OPEN, c(3.0, 'It is about my bill.'), SORRY), {'manifest': TOLD}),
        ('fail', complaint(DULL), {}),
        ('fail', complaint(a(6.0, 'What happened?'), a(12.0, 'I am sorry about that.')), {}),
        ('unknown', complaint(DULL), UNTRUSTED),
        *NO_COMPLAINT,
        *usual('죄송합니다.', language=KO, hello='안녕하세요.',
               complains='불만을 접수하고 싶은데요.',
               other='접수되었습니다.')],
    'complaint-empathy': [
        ('pass', complaint(a(6.0, 'I understand how you feel.')), {}),
        ('fail', complaint(DULL), {}),
        ('fail', complaint(a(150.0, 'I understand how you feel.')), {'duration_s': 170.0}),
        ('unknown', complaint(DULL), UNTRUSTED),
        *NO_COMPLAINT,
        *usual('お気持ちはよく分かります。', language=JA,
               hello='お世話になっております。',
               complains='苦情を言いたい。', other='受付しました。')],
    'complaint-thanks-for-telling': [
        ('pass', complaint(a(6.0, 'Thank you for bringing this to our attention.')), {}),
        ('pass', (OPEN, c(3.0, 'I have a suggestion.'),
                  a(6.0, 'Thank you for bringing this to our attention.')), {}),
        ('fail', complaint(DULL), {}),
        ('fail', (OPEN, c(3.0, 'I have a suggestion.'), DULL), {}),
        ('unknown', complaint(DULL), UNTRUSTED),
        *NO_COMPLAINT,
        ('unknown', PLAIN, {'manifest': json.dumps({'call_type': 'order'}), **DRAFTS}),
        *usual('感谢您的宝贵意见。', language=ZH, hello='您好。', complains='我要投诉。',
               other='好了。')],
    'complaint-suggestion-acknowledged': [
        ('pass', (OPEN, c(3.0, 'I have a suggestion.'),
                  a(6.0, 'Thank you very much. I will pass that on.')), {}),
        ('fail', (OPEN, c(3.0, 'I have a suggestion.'), a(6.0, 'Thank you very much.')), {}),
        ('fail', (OPEN, c(3.0, 'I have a suggestion.'), a(6.0, 'I will pass that on.')), {}),
        ('unknown', (OPEN, c(3.0, 'I have a suggestion.'), a(6.0, 'Thank you very much.')),
         DRAFTS),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('谢谢，我会如实反映。', language=ZH, hello='您好。',
               complains='我有个建议。',
               other='好了。')],
    'complaint-asks-leave-to-question': [
        ('pass', complaint(a(6.0, 'May I ask you a few questions?'), c(9.0, 'Yes.', 1.0),
                           a(11.0, 'When did you order?')), {}),
        ('pass', complaint(a(6.0, 'May I ask you a few questions? When did you order?')), {}),
        ('fail', complaint(a(6.0, 'When did you order?'), c(9.0, 'Yesterday.', 1.0),
                           a(11.0, 'What did you order?')), {}),
        ('unknown', complaint(a(6.0, 'When did you order?'), c(9.0, 'Yesterday.', 1.0),
                              a(11.0, 'What did you order?')), DRAFTS),
        ('unknown', (c(3.0, 'i want to complain'), a(6.0, 'when did you order')), {}),
        ('not_applicable', complaint(DULL), {}),
        *NO_COMPLAINT,
        ('pass', turns_in('您好。', '我要投诉。', '可以问您几个问题吗？', '好的。',
                          '您什么时候买的？'), ZH),
        ('fail', turns_in('您好。', '我要投诉。', '您在哪里买的？', '网上。',
                          '您什么时候买的？'), ZH)],
    'complaint-listens-to-the-end': [
        ('pass', complaint(SORRY), {}),
        ('fail', (OPEN, c(3.0, 'I want to complain about the bill that you sent me last week '
                          'because it is too high and nobody told me.', 9.0),
                  a(6.0, 'But you have to understand that this bill was sent out long ago.',
                    8.0)), {}),
        ('unknown', complaint(SORRY), {'lane_source': 'diarized', 'diarizer': 'some'}),
        *NO_COMPLAINT],
    'complaint-asks-to-slow-down': [
        ('pass', complaint(a(6.0, 'I am sorry, could you speak a little more slowly?')), {}),
        ('fail', complaint(a(6.0, 'Could you speak a little more slowly, please?')), {}),
        ('unknown', complaint(a(6.0, 'Could you speak a little more slowly, please?')),
         UNTRUSTED),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('죄송합니다, 조금 천천히 말씀해 주시겠습니까?', language=KO, hello='안녕하세요.',
               complains='불만이 있어서 전화했어요.', other='조금 천천히 말씀해 주시겠습니까?')],
    'complaint-customer-not-blamed': [
        ('pass', complaint(SORRY), {}),
        ('fail', complaint(a(6.0, "That's your own fault.")), {}),
        ('unknown', complaint(SORRY), {**DRAFTS, 'manifest': TOLD}),
        ('unknown', complaint(a(6.0, "That's your own fault.")), {'confidence': 0.55}),
        *NO_COMPLAINT,
        ('pass', turns_in('您好。', '我要投诉。', '非常抱歉。'), ZH),
        ('fail', turns_in('您好。', '我要投诉。', '这是您的责任。'), ZH)],
    'complaint-company-fault-remedy': [
        ('pass', complaint(a(6.0, "I am sorry, that was our mistake. I'll put that right.")), {}),
        ('fail', complaint(a(6.0, 'I am sorry, that was our mistake.')), {}),
        ('unknown', complaint(a(6.0, 'I am sorry, that was our mistake.')), DRAFTS),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('申し訳ございません、こちらのミスです。すぐに対応いたします。', language=JA,
               hello='お世話になっております。', complains='苦情を言いたい。',
               other='こちらのミスです。')],
    'complaint-escalates-when-needed': [
        ('pass', (OPEN, c(3.0, "I'll sue you."), a(6.0, "I'll escalate this.")), {}),
        ('pass', (OPEN, c(3.0, "I'll sue you."), DULL),
         {'manifest': json.dumps({'transfers': [{'at_s': 20.0, 'kind': None}]})}),
        ('unknown', (OPEN, c(3.0, "I'll sue you."), DULL), {}),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        ('pass', turns_in('Selamat pagi.', 'Saya akan menuntut.',
                          'Saya sampaikan ke atasan.'), ID),
        ('unknown', turns_in('Selamat pagi.', 'Saya akan menuntut.', 'Itu sudah dicatat.'), ID)],
    'complaint-long-wait-apology': [
        ('pass', (OPEN, c(3.0, "I've been waiting for ages."), SORRY), {}),
        ('pass', (OPEN, c(3.0, "I've been waiting for ages and this is the third time that it "
                          'happens, every day the same.', 20.0), a(25.0, 'I am sorry.')), {}),
        ('fail', (OPEN, c(3.0, "I've been waiting for ages."), DULL), {}),
        ('unknown', (OPEN, c(3.0, "I've been waiting for ages."), DULL), UNTRUSTED),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('Maaf ya.', language=ID, hello='Selamat pagi.',
               complains='Saya sudah menunggu lama.', other='Itu sudah dicatat.')],
    'complaint-slow-handling-speeds-up': [
        ('pass', (OPEN, c(3.0, 'You are too slow, can you hurry up?'),
                  a(6.0, 'I am sorry. One moment please.')), {}),
        ('fail', (OPEN, c(3.0, 'Can you hurry up?'), SORRY), {}),
        ('fail', (OPEN, c(3.0, 'Can you hurry up?'), a(6.0, 'One moment please.')), {}),
        ('unknown', (OPEN, c(3.0, 'Can you hurry up?'), SORRY), UNTRUSTED),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('申し訳ございません。少々お待ちください。', language=JA,
               hello='お世話になっております。',
               complains='早くしてください。', other='少々お待ちください。')],
    'complaint-refusal-softened': [
        ('pass', complaint(a(6.0, "I am sorry, unfortunately we can't, because it is sold out.")),
         {}),
        ('fail', complaint(a(6.0, "Unfortunately we can't, because it is sold out.")), {}),
        ('fail', complaint(a(6.0, "I am sorry, unfortunately we can't.")), {}),
        ('unknown', complaint(a(6.0, "I am sorry, unfortunately we can't.")), DRAFTS),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('非常抱歉，恐怕不行，因为没有货了。', language=ZH, hello='您好。',
               complains='我要投诉。',
               other='恐怕不行。')],
    'complaint-offers-solution-asks-agreement': [
        ('pass', complaint(a(6.0, 'I can offer you a new one. Is that all right?')), {}),
        ('fail', complaint(a(6.0, 'I can offer you a new one.')), {}),
        ('fail', complaint(DULL), {}),
        ('unknown', complaint(a(6.0, 'I can offer you a new one.')), UNTRUSTED),
        ('unknown', complaint(DULL), {**DRAFTS, 'manifest': TOLD}),
        *NO_COMPLAINT,
        ('pass', turns_in('您好。', '我要投诉。', '我建议您换一个，您看这样可以吗？'), ZH),
        ('fail', turns_in('您好。', '我要投诉。', '我建议您换一个。'), ZH)],
    'complaint-checks-understanding': [
        ('pass', complaint(a(6.0, 'I can offer you a new one.'), a(12.0, 'Is everything clear?')),
         {}),
        ('fail', complaint(a(6.0, 'Is everything clear?'), c(9.0, 'No, not at all.', 1.0),
                           a(11.0, 'I can offer you a new one.')), {}),
        ('unknown', complaint(DULL), {**DRAFTS, 'manifest': TOLD}),
        *NO_COMPLAINT,
        *usual('이해되셨나요?', language=KO, hello='안녕하세요.',
               complains='불만을 접수하고 싶은데요.',
               other='접수되었습니다.')],
    'complaint-abuse-warning-first': [
        ('pass', (OPEN, c(3.0, 'Damn it, piss off!'), a(6.0, 'Please mind your language.')),
         {'hung_up_by': AGENT}),
        ('pass', (OPEN, c(3.0, 'Damn it, piss off!'), DULL), {'hung_up_by': CALLER}),
        ('pass', (OPEN, c(3.0, 'Damn it, piss off!'), DULL),
         {'hung_up_by': AGENT, 'standard': AT_ONCE}),
        ('fail', (OPEN, c(3.0, 'Damn it, piss off!'), DULL), {'hung_up_by': AGENT}),
        ('unknown', (OPEN, c(3.0, 'Damn it, piss off!'), DULL), {'hung_up_by': None}),
        ('unknown', (OPEN, c(3.0, 'Damn it, piss off!'), DULL),
         {'hung_up_by': AGENT, **UNTRUSTED}),
        ('unknown', PLAIN, UNTRUSTED),
        ('not_applicable', PLAIN, {}),
        ('not_applicable', (OPEN, c(3.0, 'Damn it, piss off!'), DULL), {'standard': SILENT}),
        ('pass', turns_in('您好。', '你这个混蛋！', '请您使用文明用语。'),
         {'hung_up_by': AGENT, **ZH}),
        ('fail', turns_in('您好。', '你这个混蛋！', '我挂了。'), {'hung_up_by': AGENT, **ZH})],
    'complaint-rude-customer-apology-accepted': [
        ('pass', (OPEN, c(3.0, "I'm sorry for shouting."), a(6.0, "That's quite all right.")), {}),
        ('fail', (OPEN, c(3.0, "I'm sorry for shouting."), DULL), {}),
        ('unknown', (OPEN, c(3.0, "I'm sorry for shouting."), DULL), UNTRUSTED),
        ('unknown', PLAIN, DRAFTS),
        ('not_applicable', PLAIN, {}),
        *usual('Tidak apa apa pak.', language=ID, hello='Selamat pagi.',
               complains='Maaf saya tadi emosi.', other='Itu sudah dicatat.')],
    'complaint-closing-thanks-or-apology': [
        ('pass', complaint(DULL, a(40.0, 'Thank you for calling. Goodbye.')), {}),
        ('pass', complaint(DULL, a(40.0, 'I am sorry again. Goodbye.')), {}),
        ('fail', complaint(DULL, a(40.0, 'Goodbye.')), {}),
        ('unknown', complaint(DULL, a(40.0, 'Goodbye.')), UNTRUSTED),
        *NO_COMPLAINT,
        *usual('감사합니다. 안녕히 계세요.', language=KO, hello='안녕하세요.',
               complains='불만을 접수하고 싶은데요.', other='안녕히 계세요.')],
    'complaint-soft-close': [
        ('pass', complaint(DULL, a(40.0, "Then I won't disturb you any further. Goodbye.")), {}),
        ('fail', complaint(DULL, a(40.0, 'Goodbye.')), {}),
        ('unknown', complaint(DULL, a(40.0, 'Goodbye.')), {**DRAFTS, 'manifest': TOLD}),
        ('unknown', complaint(DULL), UNTRUSTED),
        ('not_applicable', complaint(DULL), {}),
        *NO_COMPLAINT,
        *usual('그럼 방해하지 않겠습니다. 안녕히 계세요.', language=KO, hello='안녕하세요.',
               complains='불만을 접수하고 싶은데요.', other='안녕히 계세요.')],
}
TABLE = [(rule, *case) for rule, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(('rule', 'result', 'said', 'given'), TABLE, ids=[
    f'{rule}-{result}-{n}' for n, (rule, result, *_) in enumerate(TABLE)])
def test_a_rule_of_complaints_comes_to_what_the_call_shows(rule, result, said, given):
    found = finding_of(rule, said, **given)
    assert (found.result, found.why) == (result, found.why)
    assert (found.score is not None) == (result in ('pass', 'fail'))


def test_every_rule_of_complaints_that_is_decided_is_tested():
    assert {*CASES, 'complaint-no-argument'} == {
        rule.id for rule in default_standard().rules
        if rule.stage == 'complaint' and rule.decide}


def test_an_apology_that_comes_late_counts_half_and_is_shown():
    said = complaint(a(6.0, 'What happened?'), a(12.0, 'I am sorry about that.'))
    found = finding_of('complaint-apologises-first', said)
    assert (found.result, found.score) == ('fail', 0.5)
    assert found.start_s == pytest.approx(12.0, abs=1.0)
    assert 'sorry' in found.evidence


def test_the_offer_of_help_is_no_question_before_the_apology():
    said = (c(0.0, 'Hello?', 1.0), a(2.0, 'Good morning, how can I help?'),
            c(5.0, 'It is about my bill.'), a(8.0, 'I am sorry about that.'))
    assert finding_of('complaint-apologises-first', said, manifest=TOLD).score == 1.0


def test_a_queue_for_complaints_makes_a_call_one():
    said = (*PLAIN, DULL)
    assert finding_of('complaint-empathy', said, queue='Complaints').result == 'fail'
    assert finding_of('complaint-empathy', said, queue='orders').result == 'not_applicable'


def test_that_nobody_was_abusive_is_not_known_where_the_list_of_abuse_is_a_draft():
    book = reviewed_phrasebook()
    english = replace(book.lexicons['en'], drafts=frozenset({'caller_profanity'}))
    draft = replace(book, lexicons={**book.lexicons, 'en': english})
    found = {f.rule_id: f.result for f in judged(list(PLAIN), 60.0, book=draft).findings}
    assert found['complaint-escalates-when-needed'] == 'unknown'
    assert found['complaint-abuse-warning-first'] == 'unknown'


CONTESTED = (10.0, 18.0, 26.0)


@pytest.mark.parametrize(('times', 'text', 'louder_db', 'result'), [
    ((), 'It is noted.', 0.0, 'pass'),
    (CONTESTED[:2], "That's not true, you are wrong.", 0.0, 'pass'),
    ((10.0, 30.0, 50.0), "That's not true, you are wrong.", 0.0, 'pass'),
    (CONTESTED, 'It is noted.', 0.0, 'pass'),
    (CONTESTED, "That's not true, you are wrong.", 0.0, 'fail'),
    (CONTESTED, 'It is noted.', 7.0, 'fail')])
def test_it_is_an_argument_where_both_struggle_for_the_floor_and_it_gets_heated(
        times, text, louder_db, result):
    found = argued([*ANGRY, a(12.0, text)], times, louder_db)
    assert found.result == result
    if result == 'fail':
        assert 10.0 <= found.start_s <= 13.0


@pytest.mark.parametrize(('language', 'heated', 'calm'), [
    (JA, 'それは違います。お客様の勘違いです。', '今日は雨が降っております。'),
    (ID, 'Itu tidak benar, anda salah.', 'Barangnya kami kirim hari Senin.')])
def test_an_argument_is_told_by_its_words_in_other_languages(language, heated, calm):
    hello, request = {'ja': ('お電話ありがとうございます。', '請求書の件です。'),
                      'id': ('Selamat pagi.', 'Ini soal tagihan.')}[language['language']]
    for text, result in ((heated, 'fail'), (calm, 'pass')):
        said = [a(0.0, hello), c(3.0, request), a(12.0, text)]
        assert argued(said, CONTESTED, 0.0, **language).result == result


@pytest.mark.parametrize('given', [
    {'lane_source': 'diarized', 'diarizer': 'some'}, {'transcript_trust': 'low'}])
def test_whether_it_was_an_argument_is_not_known_without_lanes_or_words(given):
    assert argued([*ANGRY, DULL], CONTESTED, 0.0, **given).result == 'unknown'


def argued(said, times, louder_db, **given):
    """The finding on arguing: both struggle for the floor at some instants, and the agent's turns
    after the first are so much louder than usual."""
    call = call_of(60.0, **given)
    out = judged(list(said), 60.0, book=reviewed_phrasebook(), **given)
    turns, words, _ = perceived_of(list(said), call)
    turns = [turn._replace(level_dbfs=-20.0 + louder_db * (turn.start_s > 5.0)) for turn in turns]
    kpis = replace(out.kpis[0], agent_loudness_dbfs=-20.0)
    events = [*out.events, *(Event(0, 'overlap', 'contested', AGENT, at, at + 1.0, 0.9)
                             for at in times)]
    findings, _ = judge(call, turns, words, events, kpis, default_standard(),
                        reviewed_phrasebook())
    return next(f for f in findings if f.rule_id == 'complaint-no-argument')
