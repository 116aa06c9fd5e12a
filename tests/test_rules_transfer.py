"""Rules of transfers and messages: every result that each allows."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.calls_for_tests import event, finding_of
from tests.standard_for_tests import default_standard
from warehouse.records import AGENT, CALLER

SILENT = replace(default_standard(), transfer=replace(
    default_standard().transfer, max=None, permission=None, brief_receiver=None))


def told(*transfers, **more):
    """What the phone system says: transfers as (at_s, kind)."""
    return json.dumps({'transfers': [{'at_s': at, 'kind': kind} for at, kind in transfers],
                       **more})


KO, JA, ZH, ID = ({'language': one} for one in ('ko', 'ja', 'zh', 'id'))
ONE = told((20.0, 'blind'))
NONE = told()


def a(start_s, text, length_s=2.0):
    return AGENT, start_s, start_s + length_s, text


def c(start_s, text, length_s=2.0):
    return CALLER, start_s, start_s + length_s, text


HELLO = (a(0.0, 'Good morning, how can I help?'), c(3.0, 'It is about my bill.'))
LEAVE = a(12.0, 'May I transfer you to our accounts department?')
YES, NO = c(15.0, 'Yes, please.', 1.0), c(15.0, "No, I don't want to be transferred.")
ANNOUNCED = a(12.0, "I'll put you through to accounts.")
ABSENT = a(8.0, "I'm afraid she's out of the office.")
WANTS = c(3.0, 'May I speak to Mary Keller?')
LAST = a(16.0, 'Here is the number of that department, in any case.')


def turns_in(*texts):
    """Agent and caller in turn, every four seconds."""
    return tuple((a if n % 2 == 0 else c)(4.0 * n, text) for n, text in enumerate(texts))


CASES = {
    'transfer-says-what-next': [
        ('pass', (*HELLO, ANNOUNCED), {'manifest': ONE}),
        ('fail', (*HELLO, LAST), {'manifest': ONE}),
        ('unknown', HELLO, {}),
        ('unknown', (*HELLO, LAST), {'manifest': ONE, 'transcript_trust': 'low'}),
        ('not_applicable', HELLO, {'manifest': NONE}),
        ('pass', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.',
                          'Baik, saya sambungkan ke bagian tagihan.'),
         {'manifest': ONE, **ID}),
        ('fail', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.',
                          'Baik, saya lihat tagihan itu.'), {'manifest': ONE, **ID})],
    'transfer-asks-permission': [
        ('pass', (*HELLO, LEAVE, YES), {'manifest': ONE}),
        ('fail', (*HELLO, LEAVE, NO), {'manifest': ONE}),
        ('fail', (*HELLO, LEAVE), {'manifest': ONE}),
        ('fail', (*HELLO, ANNOUNCED), {'manifest': ONE}),
        ('unknown', (*HELLO, ANNOUNCED), {'manifest': ONE, 'transcript_trust': 'low'}),
        ('unknown', HELLO, {}),
        ('unknown', (*HELLO, LEAVE, YES), {'manifest': told((None, 'blind'))}),
        ('not_applicable', HELLO, {'manifest': NONE}),
        ('not_applicable', (*HELLO, LEAVE, YES), {'manifest': ONE, 'standard': SILENT}),
        ('pass', turns_in('안녕하세요.', '요금 문의입니다.', '담당자에게 연결해 드릴까요?',
                          '네.'),
         {'manifest': ONE, **KO}),
        ('fail', turns_in('안녕하세요.', '요금 문의입니다.', '담당자에게 연결해 드릴까요?',
                          '싫어요.'),
         {'manifest': ONE, **KO})],
    'transfer-thanks-after-consent': [
        ('pass', (*HELLO, LEAVE, YES, a(17.0, 'Thank you.', 1.0)), {'manifest': ONE}),
        ('fail', (*HELLO, LEAVE, YES, LAST), {'manifest': ONE}),
        ('unknown', (*HELLO, LEAVE, YES, LAST), {'transcript_trust': 'low'}),
        ('not_applicable', (*HELLO, LEAVE, NO, LAST), {}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('您好。', '我想问账单。', '我帮您转接可以吗？', '好的。', '谢谢。'),
         ZH),
        ('fail', turns_in('您好。', '我想问账单。', '我帮您转接可以吗？', '好的。', '账单在这里。'),
         ZH)],
    'transfer-names-target': [
        ('pass', (*HELLO, a(10.0, "I'll put you through to Mary Keller in accounts.")),
         {'manifest': ONE}),
        ('fail', (*HELLO, ANNOUNCED), {'manifest': ONE}),
        ('fail', (*HELLO, LAST), {'manifest': ONE}),
        ('unknown', (*HELLO, ANNOUNCED),
         {'manifest': ONE, 'agent_lane_source': 'phrases', 'agent_lane_confidence': 0.5}),
        ('unknown', (c(1.0, 'it is about my bill'), a(12.0, "i'll put you through to accounts")),
         {'manifest': ONE}),
        ('unknown', HELLO, {}),
        ('not_applicable', HELLO, {'manifest': NONE}),
        ('pass', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.',
                          'Saya sambungkan ke Rina Wijaya bagian tagihan.'),
         {'manifest': ONE, **ID}),
        ('fail', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.',
                          'Saya sambungkan ke bagian tagihan.'),
         {'manifest': ONE, **ID}),
        ('unknown', turns_in('您好。', '我想问账单。', '我为您转接财务部的王经理。'),
         {'manifest': ONE, **ZH})],
    'transfer-briefs-receiver': [
        ('pass', HELLO, {'manifest': told((20.0, 'attended'))}),
        ('fail', HELLO, {'manifest': ONE}),
        ('unknown', HELLO, {'manifest': told((20.0, None))}),
        ('unknown', HELLO, {}),
        ('not_applicable', HELLO, {'manifest': NONE}),
        ('not_applicable', HELLO, {'manifest': ONE, 'standard': SILENT})],
    'transfer-customer-not-repeating': [
        ('unknown', HELLO, {'manifest': ONE}),
        ('unknown', HELLO, {'manifest': told((0.0, 'blind'))}),
        ('not_applicable', HELLO, {'manifest': NONE}),
        ('unknown', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.'), {'manifest': ONE, **ID}),
        ('not_applicable', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.', 'Baik.',
                                    'Terima kasih.', 'Selamat siang, sampai jumpa.'), ID),
        ('unknown', turns_in('Selamat pagi.', 'Saya mau tanya tagihan.'), ID)],
    'transfer-max-two': [
        ('pass', HELLO, {'manifest': NONE}),
        ('pass', HELLO, {'manifest': ONE}),
        ('pass', HELLO, {'manifest': told((10.0, 'blind'), (20.0, 'blind'))}),
        ('fail', HELLO, {'manifest': told((0.0, None), (10.0, None), (20.0, None))}),
        ('unknown', HELLO, {}),
        ('not_applicable', HELLO, {'manifest': ONE, 'standard': SILENT})],
    'transfer-no-cold-handoff': [
        ('pass', (*HELLO, a(8.0, "I'm not sure. Hold on."), c(12.0, 'All right.'), LAST),
         {'manifest': ONE}),
        ('pass', (*HELLO, LAST), {'manifest': ONE}),
        ('pass', (*HELLO, ANNOUNCED, a(15.0, 'I am not sure. Hold on.')), {'manifest': ONE}),
        ('fail', (*HELLO, a(16.0, "I'm not sure. Hold on.")), {'manifest': ONE}),
        ('unknown', (*HELLO, LAST), {'manifest': ONE, 'drafts': True}),
        ('unknown', HELLO, {}),
        ('not_applicable', HELLO, {'manifest': NONE}),
        ('fail', turns_in('您好。', '我想问账单。', '我不太确定，你等一下。'),
         {'manifest': ONE, **ZH}),
        ('pass', turns_in('您好。', '我想问账单。', '账单在网上可以看。'),
         {'manifest': ONE, **ZH})],
    'transfer-receiver-greets': [
        ('pass', (a(0.0, 'Good morning, my name is Ann Lee.'), c(3.0, 'It is about my bill.')),
         {'manifest': told((0.0, 'blind'))}),
        ('fail', (a(0.0, 'Good morning, what is it about?'), c(3.0, 'It is about my bill.')),
         {'manifest': told((0.0, 'blind'))}),
        ('unknown', (a(0.0, 'Good morning, what is it about?'), c(3.0, 'It is about my bill.')),
         {'manifest': told((0.0, 'blind')), 'transcript_trust': 'low'}),
        ('unknown', HELLO, {}),
        ('not_applicable', HELLO, {'manifest': ONE}),
        ('pass', turns_in('お世話になっております。田中と申します。', '料金の件です。'),
         {'manifest': told((0.0, 'blind')), 'language': 'ja'}),
        ('fail', turns_in('料金の件でございますね。', 'そうです。'),
         {'manifest': told((0.0, 'blind')), 'language': 'ja'})],
    'transfer-screening-tactful': [
        ('pass', (WANTS, a(6.0, 'May I have your name?')), {}),
        ('pass', (c(3.0, 'This is Tom Baker. May I speak to Mary Keller?'),
                  a(6.0, 'One moment please.')), {}),
        ('fail', (WANTS, a(6.0, 'Who is this?')), {}),
        ('fail', (WANTS, a(6.0, 'One moment please.')), {}),
        ('unknown', (WANTS, a(6.0, 'One moment please.')), {'transcript_trust': 'low'}),
        ('unknown', HELLO, {'drafts': True}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('안녕하세요.', '김민수님 좀 바꿔 주세요.', '성함이 어떻게 되세요?'),
         KO),
        ('fail', turns_in('안녕하세요.', '김민수님 좀 바꿔 주세요.', '누구세요?'),
         KO)],
    'transfer-absence-first': [
        ('pass', (WANTS, ABSENT, a(12.0, 'May I have your name?')), {}),
        ('fail', (WANTS, a(6.0, 'May I have your name?'), c(8.5, 'Tom Baker.', 1.0),
                  a(10.0, "I'm afraid she's out of the office.")), {}),
        ('unknown', HELLO, {'drafts': True}),
        ('not_applicable', (WANTS, ABSENT), {}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('您好。', '我找王经理。', '他现在不在。', '这样啊。', '请问您贵姓？'),
         ZH),
        ('fail', turns_in('您好。', '我找王经理。', '请问您贵姓？', '我姓李。', '他现在不在。'),
         ZH)],
    'transfer-absent-offers-help': [
        ('pass', (WANTS, ABSENT, a(12.0, 'How can I help you?')), {}),
        ('pass', (WANTS, ABSENT, a(12.0, 'Would you like to speak to a colleague?')), {}),
        ('fail', (WANTS, ABSENT, a(12.0, 'There is nothing more to say.')), {}),
        ('unknown', (WANTS, ABSENT, a(12.0, 'There is nothing more to say.')), {'drafts': True}),
        ('unknown', HELLO, {'drafts': True}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('お世話になっております。', '田中さんをお願いします。',
                          '席を外しております。', 'そうですか。',
                          '別の担当者におつなぎしましょうか。'), JA),
        ('fail', turns_in('お世話になっております。', '田中さんをお願いします。',
                          '席を外しております。', 'そうですか。', '夕方に戻ります。'), JA)],
    'transfer-absent-message-offer': [
        ('pass', (WANTS, ABSENT, c(12.0, 'No, thank you.'),
                  a(16.0, 'Would you like to leave a message?')), {}),
        ('fail', (WANTS, ABSENT, c(12.0, 'No, thank you.'), a(16.0, 'That is a pity.')), {}),
        ('unknown', (WANTS, ABSENT, c(12.0, 'I see, I see.')), {'drafts': True}),
        ('not_applicable', (WANTS, ABSENT, c(12.0, 'All right then.')), {}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('您好。', '我找王经理。', '他现在不在。', '不行，我要找他。',
                          '您需要留言吗？'),
         ZH),
        ('fail', turns_in('您好。', '我找王经理。', '他现在不在。', '不行，我要找他。',
                          '下午会到。'),
         ZH)],
    'transfer-message-open-question': [
        ('pass', (WANTS, ABSENT, a(12.0, 'What may I pass on?')), {}),
        ('fail', (WANTS, ABSENT, a(12.0, 'Would you like to leave a message?')), {}),
        ('unknown', (WANTS, ABSENT, a(12.0, 'Would you like to leave a message?')),
         {'drafts': True}),
        ('unknown', HELLO, {'drafts': True}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('안녕하세요.', '김민수님 계신가요?',
                          '자리를 비우셨습니다. 뭐라고 전해 드릴까요?'),
         KO),
        ('fail', turns_in('안녕하세요.', '김민수님 계신가요?',
                          '자리를 비우셨습니다. 메모 남겨 드릴까요?'),
         KO)],
    'transfer-message-read-back': [
        ('pass', (c(3.0, 'Please tell her that I will be late.'),
                  a(30.0, 'Let me read that back to you.')), {}),
        ('pass', (c(3.0, 'Please tell her that I will be late, and many other things.', 60.0),
                  a(70.0, 'Let me read that back to you.')), {'duration_s': 90.0}),
        ('fail', (c(3.0, 'Please tell her that I will be late.'), a(30.0, 'That is noted.')), {}),
        ('unknown', (c(3.0, 'Please tell her that I will be late.'), a(30.0, 'That is noted.')),
         {'transcript_trust': 'low'}),
        ('unknown', HELLO, {'drafts': True}),
        ('not_applicable', HELLO, {}),
        ('pass', turns_in('Selamat pagi.', 'Tolong sampaikan saya terlambat.',
                          'Baik, saya bacakan kembali.'), ID),
        ('fail', turns_in('Selamat pagi.', 'Tolong sampaikan saya terlambat.', 'Baik, itu saja.'),
         ID)],
    'transfer-escalates-beyond-authority': [
        ('pass', (c(1.0, 'I want a refund.'), a(4.0, "I'm sorry, this is beyond my authority."),
                  a(9.0, "I'll escalate this. Is that all right?")), {}),
        ('fail', (c(1.0, 'I want a refund.'), a(4.0, "I'm sorry, this is beyond my authority."),
                  a(9.0, "I'll escalate this for you today.")), {}),
        ('unknown', (c(1.0, 'I want a refund.'), a(4.0, 'This is beyond my authority.')),
         {'drafts': True}),
        ('unknown', HELLO, {'transcript_trust': 'low'}),
        ('not_applicable', HELLO, {}),
        ('fail', turns_in('您好。', '我要退款。', '不好意思，这个超出了我的权限。'),
         ZH)],
}
TABLE = [(rule, *case) for rule, cases in CASES.items() for case in cases]


@pytest.mark.parametrize(('rule', 'result', 'said', 'given'), TABLE, ids=[
    f'{rule}-{result}-{n}' for n, (rule, result, *_) in enumerate(TABLE)])
def test_a_rule_of_transfers_comes_to_what_the_call_shows(rule, result, said, given):
    found = finding_of(rule, said, **given)
    assert (found.result, found.why) == (result, found.why)
    assert (found.score is not None) == (result in ('pass', 'fail'))


def test_every_rule_of_transfers_that_is_decided_is_in_the_table():
    assert set(CASES) == {rule.id for rule in default_standard().rules
                          if rule.stage == 'transfer' and rule.decide}


@pytest.mark.parametrize(('count', 'score'), [(0, 1.0), (1, 1.0), (2, 0.5), (3, 0.0), (4, 0.0)])
def test_each_transfer_costs_the_caller_patience(count, score):
    manifest = told(*((10.0 + n, 'blind') for n in range(count)))
    assert finding_of('transfer-max-two', HELLO, manifest=manifest).score == score


@pytest.mark.parametrize(('text', 'score'), [
    ("I'll put you through.", 0.0), ("I'll put you through to accounts.", 0.4),
    ("I'll put you through to Mary Keller.", 0.4),
    ("I'll put you through to Mary Keller in accounts.", 0.8),
    ("I'll put you through to Mary Keller in accounts, extension 12.", 1.0)])
def test_department_name_and_number_of_the_colleague_count(text, score):
    said = [*HELLO, a(10.0, text)]
    assert finding_of('transfer-names-target', said, manifest=ONE).score == pytest.approx(score)


@pytest.mark.parametrize(('text', 'score'), [
    ('One moment.', 0.0), ("I'll escalate this.", 1 / 3),
    ("I'm sorry, I'll escalate this.", 2 / 3),
    ("I'm sorry, I'll escalate this. Is that all right?", 1.0)])
def test_beyond_the_authority_each_of_three_courtesies_counts(text, score):
    said = [c(1.0, 'I want a refund.'), a(4.0, 'This is beyond my authority.'), a(9.0, text)]
    found = finding_of('transfer-escalates-beyond-authority', said)
    assert found.score == pytest.approx(score)


def test_of_several_transfers_the_share_with_leave_is_the_score_and_the_first_without_is_shown():
    said = [*HELLO, LEAVE, YES, a(60.0, "I'll put you through to accounts.")]
    found = finding_of('transfer-asks-permission', said, duration_s=120.0,
                    manifest=told((20.0, None), (70.0, None)))
    assert (found.result, found.score, found.start_s) == ('fail', 0.5, 70.0)


def test_leave_that_was_asked_is_shown_with_its_words():
    found = finding_of('transfer-asks-permission', [*HELLO, LEAVE, YES], manifest=ONE)
    assert found.start_s == pytest.approx(12.0, abs=0.3)
    assert 'transfer' in found.evidence
    assert found.speaker == AGENT


def test_a_ring_after_the_answer_is_a_transfer_where_the_phone_system_says_nothing():
    rings = tuple(event('ring', 'ringback', at, at + 1.0) for at in (0.5, 20.0))
    said = [a(3.0, 'Good morning.'), c(6.0, 'It is about my bill.'), ANNOUNCED,
            a(26.0, 'Accounts, good morning.')]
    assert finding_of('transfer-says-what-next', said, events=rings).result == 'pass'
    assert finding_of('transfer-max-two', said, events=rings).result == 'unknown'


def test_whether_leave_was_given_is_not_known_where_the_caller_s_words_are_missing():
    found = finding_of('transfer-asks-permission', [*HELLO, LEAVE], manifest=ONE,
                    agent_lane_source='phrases', agent_lane_confidence=0.5)
    assert found.result == 'unknown'
