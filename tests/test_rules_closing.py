import json

import pytest

from tests.calls_for_tests import judged
from tests.rules_for_tests import NOON, changed, found, known_companies, phrase
from tests.standard_for_tests import default_standard, phrasebook
from tests.test_signoff import BUSINESS, BYE, NEED, THANKS, WISH, call
from transforms.standard import HangsUpFirst
from warehouse.records import AGENT, CALLER

BUTUH, BERKAT = 'Apakah ada lagi yang bisa saya bantu?', 'Semoga harimu menyenangkan.'
MAKASIH, DAH = 'Terima kasih telah menelepon.', 'Sampai jumpa.'
URUSAN = ' '.join(['paketnya sudah dikirim dari gudang kami hari senin dan segera sampai'] * 4)
INDONESIAN = {'language': 'id'}


def say(rule, *ending, trail_s=1.0, **given):
    return found(rule, *call(*ending, trail_s=trail_s), **given)


def urusan(*ending):
    """The same in Indonesian: no English in it."""
    said = [(AGENT, 0, 4, 'Selamat pagi, ada yang bisa saya bantu?'),
            (CALLER, 4.5, 20, 'Paket saya belum sampai juga. ' + URUSAN), (AGENT, 20.5, 60, URUSAN)]
    at = 60.5
    for item in ending:
        who, text = (CALLER, item[0]) if isinstance(item, tuple) else (AGENT, item)
        said.append((who, at, at + 0.35 * len(text.split()), text))
        at = said[-1][2] + 0.3
    return said, at + 4.7


LEFT = {'trail_s': 1.0, 'hung_up_by': CALLER}
MOVED = {'manifest': {'transfers': [{'at_s': 90.0}]}}


@pytest.mark.parametrize('step, ending, given, expected', [
    ('further-help', (NEED, THANKS, BYE), {}, 'pass'), ('further-help', (THANKS, BYE), {}, 'fail'),
    ('further-help', (NEED, BUSINESS, THANKS, BYE), {}, 'fail'),
    ('further-help', (THANKS, BYE), {'confidence': 0.2}, 'unknown'),
    ('further-help', (THANKS, BYE), {'transcriber': 'pocketsphinx'}, 'unknown'),
    ('further-help', (THANKS, BYE), MOVED, 'not_applicable'),
    ('further-help', (BUSINESS,), LEFT, 'not_applicable'),
    ('further-help', (BUSINESS,), {**LEFT, 'confidence': 0.2}, 'unknown'),
    ('further-help', (THANKS, BYE), {'standard': changed('closing', require=('farewell',))},
     'not_applicable'),
    ('thanks', (NEED, THANKS, BYE), {}, 'pass'), ('thanks', (NEED, WISH, BYE), {}, 'pass'),
    ('thanks', (NEED, BYE), {}, 'fail'), ('thanks', (NEED, BYE), {'confidence': 0.2}, 'unknown'),
    ('thanks', (NEED, "I'm sorry.", BYE), {'manifest': {'call_type': 'complaint'}}, 'pass'),
    ('wish', (NEED, WISH, BYE), {}, 'pass'), ('wish', (NEED, THANKS, BYE), {}, 'not_applicable'),
    ('wish', (NEED, THANKS, BYE), {'standard': changed(
        'closing', require=('thanks', 'wish', 'farewell'))}, 'fail'),
    ('wish', (NEED, BYE), {'confidence': 0.2, 'standard': changed(
        'closing', require=('wish',))}, 'unknown'),
    ('farewell', (NEED, THANKS, BYE), {}, 'pass'), ('farewell', (NEED, THANKS), {}, 'fail'),
    ('farewell', (NEED, THANKS), {'confidence': 0.2}, 'unknown'),
    ('farewell', (NEED, THANKS, "I won't keep you any longer."), {}, 'pass'),
    ('farewell', (NEED, THANKS), {'standard': changed('closing', final_act='farewell_or_thanks')},
     'pass'),
])
def test_each_step_of_the_sign_off_has_its_rule(step, ending, given, expected):
    assert say(f'closing-{step}', *ending, **given).result == expected


@pytest.mark.parametrize('step, ending, expected', [
    ('further-help', (BUTUH, MAKASIH, DAH), 'pass'), ('further-help', (MAKASIH, DAH), 'fail'),
    ('thanks', (BUTUH, MAKASIH, DAH), 'pass'), ('thanks', (BUTUH, DAH), 'fail'),
    ('wish', (BUTUH, BERKAT, DAH), 'pass'), ('farewell', (BUTUH, MAKASIH, DAH), 'pass'),
    ('farewell', (BUTUH, BERKAT), 'fail'),
])
def test_each_step_is_heard_in_indonesian_too(step, ending, expected):
    assert found(f'closing-{step}', *urusan(*ending), **INDONESIAN).result == expected


def test_a_step_is_quoted_where_it_was_said():
    finding = say('closing-thanks', NEED, THANKS, BYE)
    assert finding.evidence == 'Thank you for calling.'
    assert finding.start_s == pytest.approx(64.65, abs=1.0)
    missing = say('closing-thanks', NEED, BYE)
    assert missing.start_s < 60.5 < missing.end_s


def test_a_question_before_business_resumed_counts_half():
    assert say('closing-further-help', NEED, BUSINESS, THANKS, BYE).score == 0.5


@pytest.mark.parametrize('ending, given, expected', [
    ((NEED, THANKS, BYE), {}, 'pass'), ((NEED, BYE, THANKS), {}, 'fail'),
    ((THANKS, BYE), {}, 'fail'), ((NEED, THANKS, BYE), {'hung_up_by': None}, 'pass'),
    ((THANKS, BYE), {'confidence': 0.2}, 'unknown'), ((NEED, THANKS, BYE), MOVED, 'not_applicable'),
    ((NEED, THANKS, BYE), {'standard': changed('closing', require=('hangup',))}, 'not_applicable'),
])
def test_the_order_of_the_sign_off_is_a_rule_that_weighs_nothing(ending, given, expected):
    finding = say('closing-signoff-order', *ending, **given)
    assert (finding.result, finding.weight) == (expected, 0.0)


def test_the_order_is_the_evidence():
    assert say('closing-signoff-order', NEED, BYE, THANKS).evidence == \
        'further_help,farewell,thanks'
    assert found('closing-signoff-order', *urusan(BUTUH, MAKASIH, DAH), **INDONESIAN).result == \
        'pass'


CALLER_ENDS = changed('closing', hangs_up_first=HangsUpFirst('caller', 'agent'))


@pytest.mark.parametrize('ending, given, expected', [
    ((NEED, THANKS, BYE), {}, 'pass'), ((NEED, THANKS, BYE), {'hung_up_by': AGENT}, 'fail'),
    ((NEED, THANKS, BYE), {'hung_up_by': None}, 'unknown'),
    ((NEED, THANKS, BYE), {'direction': None}, 'unknown'),
    ((NEED, THANKS, BYE), {'direction': 'outbound', 'hung_up_by': AGENT}, 'not_applicable'),
    ((NEED, THANKS, BYE), {'direction': 'outbound', 'standard': CALLER_ENDS}, 'fail'),
    ((NEED, THANKS, BYE), MOVED, 'not_applicable'), ((BUSINESS,), LEFT, 'not_applicable'),
    (("Please mind your language, otherwise I'll have to end this call.",),
     {'hung_up_by': AGENT}, 'not_applicable'),
    (('Other customers are waiting.', THANKS, BYE), {'hung_up_by': AGENT}, 'not_applicable'),
])
def test_the_other_side_hangs_up_first(ending, given, expected):
    assert say('closing-caller-hangs-up-first', *ending, **given).result == expected


def test_who_hung_up_is_told():
    finding = say('closing-caller-hangs-up-first', NEED, THANKS, BYE, hung_up_by=AGENT)
    assert (finding.why, finding.speaker) == ('the agent hung up', AGENT)
    assert finding.start_s < finding.end_s


WILLING = 'closing-further-help-sincere'


def asked(length_s, gap_s=2.0, answer=True, **given):
    said, _ = call()
    other = 'so the parcel left our warehouse on monday'
    for at in (62.0, 68.0, 74.0):
        said += [(CALLER, at, at + 0.6, 'And then?'), (AGENT, at + 1, at + 4, other)]
    at = 80.0
    said += [(AGENT, at, at + length_s, 'Is there anything else I can help you with')]
    if answer:
        said += [(CALLER, at + length_s + 0.2, at + length_s + 1.0, 'No.')]
    said += [(AGENT, at + length_s + gap_s, at + length_s + gap_s + 2, 'Thank you. Goodbye.')]
    return found(WILLING, said, at + length_s + gap_s + 3, **given)


@pytest.mark.parametrize('length_s, given, expected', [
    (4.0, {}, 'pass'), (1.4, {}, 'fail'), (4.0, {'gap_s': 0.3, 'answer': False}, 'fail'),
    (4.0, {'gap_s': 0.8, 'answer': False}, 'pass'), (4.0, {'confidence': 0.2}, 'unknown'),
])
def test_further_help_is_asked_willingly(length_s, given, expected):
    assert asked(length_s, **given).result == expected


def test_what_was_not_asked_was_not_asked_willingly_or_not():
    assert say(WILLING, THANKS, BYE).result == 'not_applicable'
    assert say(WILLING, THANKS, BYE, transcriber='pocketsphinx').result == 'unknown'


WEEKEND = 'closing-weekend-holiday-wish'
ASKED = changed('closing', weekend_wish=True, holidays=('2026-03-05',))
UTC = {'timezone': 'UTC'}


@pytest.mark.parametrize('day, ending, given, expected', [
    (6, ('Have a nice weekend.',), {}, 'pass'), (6, (THANKS, BYE), {}, 'fail'),
    (4, (THANKS, BYE), {}, 'fail'), (5, (THANKS, BYE), {}, 'fail'),  # before and on a holiday
    (3, (THANKS, BYE), {}, 'not_applicable'),
    (6, (THANKS, BYE), {'manifest': {}}, 'unknown'),
    (6, (THANKS, BYE), {'confidence': 0.2}, 'unknown'),
    (6, (THANKS, BYE), {'standard': default_standard()}, 'not_applicable'),
    (6, (THANKS, BYE), {'manifest': {**UTC, **MOVED['manifest']}}, 'not_applicable'),
])
def test_a_weekend_is_wished_where_the_standard_asks(day, ending, given, expected):
    given = {'standard': ASKED, 'manifest': UTC, 'started_at': NOON.replace(day=day), **given}
    assert say(WEEKEND, *ending, **given).result == expected


def test_the_weekend_begins_at_the_customers_place():
    late = NOON.replace(day=5, hour=20)
    given = {'standard': changed('closing', weekend_wish=True), 'started_at': late}
    assert say(WEEKEND, THANKS, BYE, manifest=UTC, **given).result == 'not_applicable'
    assert say(WEEKEND, THANKS, BYE, manifest={'timezone': 'Asia/Tokyo'}, **given).result == 'fail'
    assert found(WEEKEND, *urusan('Selamat akhir pekan.'), language='id', **{
        **given, 'manifest': {'timezone': 'Asia/Tokyo'}}).result == 'pass'


PROMISE = "I'll call you back."
WHAT_NOW = ('And what now, mas?',)  # the agent's business is another turn
FOLLOW_UP, NUMBER = 'closing-followup-commitment', 'closing-callback-number-taken'


@pytest.mark.parametrize('ending, given, expected', [
    (("I'm sorry. I'll call you back tomorrow morning.", BYE), {}, ('pass', 1.0)),
    (("I'm sorry. " + PROMISE, BYE), {}, ('fail', 0.4)),
    (("I'll call you back tomorrow morning.", BYE), {}, ('fail', 0.6)),
    (("I'm sorry. We'll get back to you within two days.", BYE), {}, ('pass', 1.0)),
    ((PROMISE, ('When?',), 'Tomorrow morning, I am sorry.'), {}, ('pass', 1.0)),
    ((PROMISE, BYE), {}, ('fail', 0.0)),
    ((PROMISE, BYE), {'book': phrasebook()}, ('unknown', None)),
    ((BYE,), {}, ('not_applicable', None)), ((BYE,), {'confidence': 0.2}, ('unknown', None)),
    (("I'm sorry. " + PROMISE, BYE), {'standard': changed('callback', agent_states_when=False)},
     ('pass', 1.0)),
])
def test_an_answer_is_promised_with_an_apology_and_a_time(ending, given, expected):
    finding = say(FOLLOW_UP, WHAT_NOW, *ending, **given)
    assert (finding.result, finding.score) == expected


def test_a_promise_is_quoted_and_heard_in_indonesian():
    assert say(FOLLOW_UP, PROMISE, BYE).evidence == "I'll call you back."
    said = urusan(WHAT_NOW, 'Mohon maaf, kami akan menghubungi anda kembali besok pagi.', DAH)
    assert found(FOLLOW_UP, *said, **INDONESIAN).score == 1.0
    assert found(FOLLOW_UP, *urusan(WHAT_NOW, 'Kami akan menghubungi anda kembali.', DAH),
                 **INDONESIAN).score == 0.0


@pytest.mark.parametrize('ending, given, expected', [
    ((PROMISE, 'What is your phone number?'), {}, 'pass'),
    ((PROMISE, "Is this the best number?"), {}, 'pass'), ((PROMISE, BYE), {}, 'fail'),
    ((PROMISE, BYE), {'book': phrasebook()}, 'unknown'), ((BYE,), {}, 'not_applicable'),
    ((BYE,), {'confidence': 0.2}, 'unknown'),
])
def test_who_promises_a_call_takes_the_number(ending, given, expected):
    assert say(NUMBER, *ending, **given).result == expected


def test_the_number_is_taken_in_indonesian():
    promise = 'Kami akan menghubungi anda kembali.'
    assert found(NUMBER, *urusan(promise, 'Apakah nomor ini aktif?'), **INDONESIAN).result == 'pass'
    assert found(NUMBER, *urusan(promise, DAH), **INDONESIAN).result == 'fail'


@pytest.mark.parametrize('ending, given, expected', [
    ((PROMISE, BYE), {}, 'unknown'), ((BYE,), {}, 'not_applicable'),
    ((BYE,), {'confidence': 0.2}, 'unknown'),
    ((PROMISE, BYE), {'standard': changed('callback', deadline_h=None)}, 'not_applicable'),
])
def test_one_call_does_not_tell_whether_a_promise_is_kept(ending, given, expected):
    finding = say('closing-callback-within-24h', *ending, **given)
    assert finding.result == expected
    rule = next(r for r in default_standard().rules if r.id == 'closing-callback-within-24h')
    assert rule.elsewhere == 'view callbacks'


BACK = 'closing-agent-name-on-callback'
AGAIN = 'Please call us back later.'


@pytest.mark.parametrize('ending, given, expected', [
    ((AGAIN + ' My name is Jane Miller.',), {}, 'pass'), ((AGAIN, BYE), {}, 'fail'),
    ((AGAIN, BYE), {'transcriber': 'pocketsphinx'}, 'unknown'), ((BYE,), {}, 'not_applicable'),
    ((BYE,), {'book': phrasebook()}, 'unknown'),
    (('My name is Jane Miller.', ('Yes, I know that.',), AGAIN), {}, 'fail'),
    (('My name is Jane Miller.', ('Yes.',), AGAIN), {'standard': changed(
        'opening', full_name=True)}, 'pass'),
    (('My name is Jane.', ('Yes.',), AGAIN), {'standard': changed('opening', full_name=True)},
     'fail'),
])
def test_who_is_to_call_back_knows_whom_to_ask_for(ending, given, expected):
    assert say(BACK, *ending, **given).result == expected


def test_whom_to_ask_for_is_said_in_indonesian():
    again = 'Silakan hubungi kembali.'
    assert found(BACK, *urusan(again + ' Nama saya Budi.'), **INDONESIAN).result == 'pass'
    assert found(BACK, *urusan(again, DAH), **INDONESIAN).result == 'fail'


IDLE = 'closing-idle-caller-ended-politely'
YIELD = 'Other customers are waiting.'


@pytest.mark.parametrize('ending, given, expected', [
    ((YIELD, THANKS, BYE), {}, 'pass'), ((YIELD, "I'm sorry.", BYE), {}, 'pass'),
    ((YIELD, THANKS), {}, 'fail'), ((YIELD, BYE), {}, 'fail'),
    ((YIELD, BYE), {'transcriber': 'pocketsphinx'}, 'unknown'), ((BYE,), {}, 'not_applicable'),
    ((BYE,), {'book': phrasebook()}, 'unknown'),
])
def test_a_caller_who_only_chats_is_ended_politely(ending, given, expected):
    assert say(IDLE, *ending, **given).result == expected


def test_a_chat_is_ended_politely_in_indonesian():
    chat = 'Masih ada pelanggan lain yang menunggu.'
    assert found(IDLE, *urusan(chat, MAKASIH, DAH), **INDONESIAN).result == 'pass'
    assert found(IDLE, *urusan(chat, BERKAT), **INDONESIAN).result == 'fail'


@pytest.mark.parametrize('ending, given, expected', [
    ((NEED, THANKS, BYE), {'trail_s': 5.0}, 'pass'),
    ((NEED, THANKS, BYE), {'trail_s': 50.0}, 'fail'),
    ((NEED, THANKS, BYE), {'transcriber': 'pocketsphinx'}, 'unknown'),
    ((NEED, THANKS, BYE), {'transcript_trust': 'low'}, 'unknown'),
    ((NEED, THANKS, BYE), MOVED, 'not_applicable'),
    ((NEED, THANKS, BYE), {'started_at': NOON,
                           'manifest': {'ended_at': '2026-03-04T12:10:00+00:00'}}, 'unknown'),
])
def test_a_call_ends_in_time(ending, given, expected):
    assert say('closing-timely-end', *ending, **given).result == expected


def test_the_time_to_the_end_counts_from_the_last_business():
    finding = say('closing-timely-end', NEED, THANKS, BYE, trail_s=50.0)
    assert finding.start_s == pytest.approx(60.5)  # the closing goes on in the same turn


# ---- the sign-off score

def score(*ending, standard=None, manifest=None, **given):
    said, length = call(*ending, trail_s=given.pop('trail_s', 1.0))
    return judged(said, length, standard=standard, book=known_companies(),
                  manifest=json.dumps(manifest or {}), **given).kpis[0].signoff_score


@pytest.mark.parametrize('ending, given, expected', [
    ((NEED, WISH, THANKS, BYE), {}, 100),
    ((NEED, WISH, THANKS, BYE), {'hung_up_by': AGENT}, 80),
    ((NEED, WISH, THANKS, BYE), {'hung_up_by': None}, 100),
    ((THANKS, BYE), {}, 70),
    ((THANKS, BYE), {'hung_up_by': None}, 100 * 0.5 / 0.8),
    ((NEED, BYE, THANKS), {}, 80 * 0.8 + 20),
    ((NEED, BUSINESS, THANKS, BYE), {}, 85),
    ((BUSINESS,), {'trail_s': 5.0}, 20),
    ((BUSINESS,), {'trail_s': 5.0, 'hung_up_by': AGENT}, 0),
    ((BUSINESS,), {'trail_s': 1.0}, None),  # the caller just left
    ((THANKS, BYE), {'transcriber': 'pocketsphinx'}, 100),
    ((NEED, THANKS, BYE), MOVED, None),
    ((NEED, THANKS, BYE), {'direction': 'outbound', 'hung_up_by': AGENT}, 100),
    ((THANKS, BYE), {'standard': changed('closing', require=('thanks', 'wish', 'farewell'))}, 75),
])
def test_the_sign_off_score_weighs_its_steps(ending, given, expected):
    found_score = score(*ending, **given)
    assert found_score == (None if expected is None else pytest.approx(expected))


def test_a_close_in_korean_is_a_farewell():
    bye = phrase('soft_close', 62.0, 64.0, '그럼 방해하지 않겠습니다')
    finding = found('closing-farewell', *call('감사합니다'), language='ko', phrases=[bye])
    assert (finding.result, finding.evidence) == ('pass', '그럼 방해하지 않겠습니다')
