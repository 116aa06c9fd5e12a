import pytest

from tests.rules_for_tests import NOON, changed, found, phrase, with_options
from tests.standard_for_tests import phrasebook
from warehouse.records import AGENT, CALLER

HELLO = 'Good morning, my name is Jane Miller, I work at the bank.'
OUT = {'direction': 'outbound'}
INDONESIAN = {**OUT, 'language': 'id'}
SALAM = 'Selamat pagi, nama saya Budi.'


def call(*items, at=0.5):
    """Agent's texts, and the caller's in ()."""
    said = []
    for item in items:
        who, text = (CALLER, item[0]) if isinstance(item, tuple) else (AGENT, item)
        said.append((who, at, at + 0.35 * len(text.split()), text))
        at = said[-1][2] + 0.4
    return said, at + 1.0


def say(rule, *items, **given):
    return found(f'outbound-{rule}', *call(*items), **{**OUT, **given})


def result(rule, *items, **given):
    return say(rule, *items, **given).result


ELSEWHERE = ['call-hours', 'confirms-person', 'self-introduction', 'states-purpose',
             'asks-convenience', 'reschedules-if-inconvenient', 'refusal-respected',
             'no-harmful-openers', 'name-not-rushed', 'verifies-data', 'thanks-for-time']


@pytest.mark.parametrize('rule', ELSEWHERE)
def test_rules_of_outbound_calls_ask_nothing_of_others(rule):
    assert result(rule, HELLO, ('Yes?',), direction='inbound') == 'not_applicable'
    assert result(rule, HELLO, ('Yes?',), direction=None) == 'unknown'


JAKARTA = {'timezone': 'Asia/Jakarta'}  # seven hours ahead


@pytest.mark.parametrize('hour, given, expected', [
    (3, {}, 'pass'), (1, {}, 'fail'), (6, {}, 'fail'), (10, {}, 'fail'), (9, {}, 'pass'),
    (3, {'manifest': {}}, 'unknown'), (3, {'started_at': None}, 'unknown'),
    (6, {'standard': changed('callback', lunch=None)}, 'pass'),
    (1, {'standard': changed('callback', hours=None)}, 'not_applicable'),
    (1, {'manifest': {**JAKARTA, 'call_type': 'appointment'}}, 'not_applicable'),
])
def test_customers_are_called_within_their_hours(hour, given, expected):
    given = {'manifest': JAKARTA, 'started_at': NOON.replace(hour=hour), **given}
    assert result('call-hours', HELLO, ('Yes?',), **given) == expected


def test_the_hour_is_told():
    finding = say('call-hours', HELLO, manifest=JAKARTA, started_at=NOON.replace(hour=1))
    assert finding.why == "called at 08:00 of the customer's clock"


CUT = {'manifest': {'answered_at': '2026-03-04T11:59:50+00:00'}, 'started_at': NOON}


@pytest.mark.parametrize('opening, given, expected', [
    ('Am I speaking to Mr Smith?', {}, 'pass'), (HELLO, {}, 'fail'), (HELLO, CUT, 'unknown'),
    (HELLO, {'book': phrasebook()}, 'unknown'),
    ('Good morning, John Smith?', {'manifest': {'caller_name': 'John Smith'}}, 'pass'),
    ('Good morning, John Smith.', {'manifest': {'caller_name': 'John Smith'}}, 'fail'),
    ('Apakah benar dengan bapak Rudi?', INDONESIAN, 'pass'), (SALAM, INDONESIAN, 'fail'),
])
def test_the_right_person_is_made_sure_of(opening, given, expected):
    assert result('confirms-person', opening, ('Yes?',), **given) == expected


@pytest.mark.parametrize('opening, given, expected', [
    ("Good morning, my name is Jane, I'm calling from Acme.", {}, 'pass'), (HELLO, {}, 'fail'),
    (HELLO, {'book': phrasebook()}, 'unknown'), (HELLO, CUT, 'unknown'),
    ('Good morning, welcome to Acme.', {}, 'fail'),
    ('Selamat pagi, nama saya Budi, kami dari Acme.', INDONESIAN, 'pass'),
    (SALAM, INDONESIAN, 'fail'),
])
def test_who_calls_says_who_and_from_where(opening, given, expected):
    assert result('self-introduction', opening, ('Yes?',), **given) == expected


@pytest.mark.parametrize('opening, given, expected', [
    (HELLO + " I'm calling about your order.", {}, 'pass'), (HELLO, {}, 'fail'),
    (HELLO, {'book': phrasebook()}, 'unknown'), (HELLO, CUT, 'unknown'),
    (SALAM + ' Tujuan saya menelepon adalah pesanan anda.', INDONESIAN, 'pass'),
    (SALAM, INDONESIAN, 'fail'),
])
def test_who_calls_says_why(opening, given, expected):
    assert result('states-purpose', opening, ('Yes?',), **given) == expected


SUITS = 'Is this a good time?'


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO + ' ' + SUITS, ('Yes.',)), {}, 'pass'), ((HELLO, ('Yes?',)), {}, 'fail'),
    ((SUITS + ' ' + HELLO, ('Yes?',)), {}, 'fail'),  # before the name
    ((HELLO + ' Could you confirm your address?', ('Well, yes.',), SUITS), {}, 'fail'),
    ((HELLO, ('Yes?',)), {'confidence': 0.2}, 'unknown'), ((HELLO, ('Yes?',)), CUT, 'unknown'),
    ((SALAM + ' Apakah saya mengganggu?', ('Tidak.',)), INDONESIAN, 'pass'),
    ((SALAM, ('Ya?',)), INDONESIAN, 'fail'),
])
def test_who_calls_asks_whether_it_suits(items, given, expected):
    assert result('asks-convenience', *items, **given) == expected


def test_the_question_is_quoted():
    assert say('asks-convenience', HELLO + ' ' + SUITS, ('Yes.',)).evidence == SUITS


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, ("I'm busy.",), 'When may we call you again?'), {}, 'pass'),
    ((HELLO, ("I'm busy.",), "I'll call you back tomorrow morning."), {}, 'pass'),
    ((HELLO, ("I'm busy.",), 'It only takes a minute.'), {}, 'fail'),
    ((HELLO, ("I'm busy.",), 'It only takes a minute.'), {'book': phrasebook()}, 'unknown'),
    ((HELLO, ('Yes?',)), {}, 'not_applicable'),
    ((HELLO, ('Yes?',)), {'confidence': 0.2}, 'unknown'),
    ((SALAM, ('Saya sedang sibuk.',), 'Kapan bisa kami hubungi lagi?'), INDONESIAN, 'pass'),
    ((SALAM, ('Saya sedang sibuk.',), 'Hanya satu menit.'), INDONESIAN, 'fail'),
])
def test_a_busy_customer_is_offered_another_time(items, given, expected):
    assert result('reschedules-if-inconvenient', *items, **given) == expected


NO = ("I'm not interested.",)


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, NO, "I'm sorry. Goodbye."), {}, 'pass'), ((HELLO, NO, 'Well then.'), {}, 'fail'),
    ((HELLO, NO, "I'm sorry. We have a special offer."), {}, 'fail'),
    ((HELLO, NO, 'Well then.'), {'confidence': 0.2}, 'unknown'),
    ((HELLO, ('Yes?',)), {}, 'not_applicable'),
    ((HELLO, ('Yes?',)), {'book': phrasebook()}, 'unknown'),
    ((SALAM, ('Saya tidak tertarik.',), 'Mohon maaf.'), INDONESIAN, 'pass'),
    ((SALAM, ('Saya tidak tertarik.',), 'Kami sedang ada promo.'), INDONESIAN, 'fail'),
])
def test_a_no_is_accepted(items, given, expected):
    assert result('refusal-respected', *items, **given) == expected


@pytest.mark.parametrize('opening, given, expected', [
    ("Guess who's calling?", {}, 'fail'), ('Sorry to trouble you.', {}, 'fail'),
    (HELLO, {}, 'pass'), (HELLO, {'book': phrasebook()}, 'unknown'),
    ('Coba tebak siapa.', INDONESIAN, 'fail'), (SALAM, INDONESIAN, 'pass'),
])
def test_no_call_begins_with_a_riddle(opening, given, expected):
    assert result('no-harmful-openers', opening, ('Yes?',), **given) == expected


def test_sorry_to_trouble_you_is_courtesy_in_japanese_and_none_in_chinese():
    trouble = phrase('trouble_you', 0.6, 1.5, 'x')
    assert result('no-harmful-openers', 'もし もし', language='ja', phrases=[trouble]) == 'pass'
    assert result('no-harmful-openers', '您 好', language='zh', phrases=[trouble]) == 'fail'


COLD = {'manifest': {'call_type': 'cold'}}


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, ('Yes?',), 'May I have your name?'), COLD, 'pass'),
    ((HELLO + ' May I have your name?', ('Why?',)), COLD, 'fail'),
    (('Good morning.', ('Yes?',), 'May I have your name?'), COLD, 'fail'),
    (('Good morning.', ('Yes?',), 'May I have your name?'),
     {**COLD, 'transcriber': 'pocketsphinx'}, 'unknown'),
    ((HELLO, ('Yes?',)), COLD, 'not_applicable'),
    ((HELLO, ('Yes?',)), {**COLD, 'confidence': 0.2}, 'unknown'),
    ((HELLO, ('Yes?',), 'May I have your name?'), {}, 'unknown'),
    ((HELLO, ('Yes?',)), {'manifest': {'call_type': 'follow_up'}}, 'not_applicable'),
    ((SALAM, ('Ya?',), 'Boleh saya tahu nama bapak?'), {**COLD, **INDONESIAN}, 'pass'),
])
def test_a_name_is_not_asked_for_at_once(items, given, expected):
    assert result('name-not-rushed', *items, **given) == expected


FOLLOW_UP = {'manifest': {'call_type': 'follow_up'}}
CHECK = 'Could you confirm your address?'


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, ('Yes?',), CHECK, ('Yes, it is the same.',)), FOLLOW_UP, 'pass'),
    ((HELLO, ('Yes?',), CHECK), FOLLOW_UP, 'fail'), ((HELLO, ('Yes?',)), FOLLOW_UP, 'fail'),
    ((HELLO, ('It is [phone] now.',)), FOLLOW_UP, 'unknown'),
    ((HELLO, ('Yes?',)), {**FOLLOW_UP, 'book': phrasebook()}, 'unknown'),
    ((HELLO, ('Yes?',)), {}, 'unknown'), ((HELLO, ('Yes?',)), COLD, 'not_applicable'),
    ((SALAM, ('Ya?',), 'Apakah alamatnya masih sama?', ('Ya, masih sama.',)),
     {**FOLLOW_UP, **INDONESIAN}, 'pass'),
])
def test_follow_up_calls_check_the_customers_data(items, given, expected):
    assert result('verifies-data', *items, **given) == expected


@pytest.mark.parametrize('rule, text, indonesian', [
    ('asks-satisfaction', 'Do you have any suggestions?', 'Apakah ada saran?'),
    ('asks-special-needs', 'Do you have any special requests?', 'Apakah ada permintaan khusus?'),
    ('mentions-services', 'We have a special offer.', 'Kami sedang ada promo.'),
])
@pytest.mark.parametrize('direction', ['inbound', 'outbound'])
def test_what_calls_may_mention_is_noted_in_both_directions(rule, text, indonesian, direction):
    assert result(rule, HELLO, ('Yes?',), text, direction=direction) == 'pass'
    assert result(rule, HELLO, ('Yes?',), direction=direction) == 'fail'
    assert result(rule, HELLO, ('Yes?',), direction=direction, book=phrasebook()) == 'unknown'
    assert result(rule, SALAM, ('Ya?',), indonesian, language='id', direction=direction) == 'pass'


def test_offers_have_no_place_in_a_complaint():
    complaint = {'manifest': {'call_type': 'complaint'}}
    assert result('mentions-services', HELLO, 'We have a special offer.',
                  **complaint) == 'not_applicable'


SHOP = with_options('outbound-reminds-documents', queues=('shop',))


@pytest.mark.parametrize('text, given, expected', [
    ('Please keep your receipt.', {'queue': 'shop'}, 'pass'), (HELLO, {'queue': 'shop'}, 'fail'),
    (HELLO, {'queue': 'shop', 'book': phrasebook()}, 'unknown'),
    (HELLO, {'queue': None}, 'unknown'),
    (HELLO, {'queue': 'bank'}, 'not_applicable'),
    ('Mohon simpan struknya.', {'queue': 'shop', 'language': 'id'}, 'pass'),
])
def test_customers_of_shops_are_reminded_of_their_papers(text, given, expected):
    assert result('reminds-documents', text, ('Yes?',), standard=SHOP, **given) == expected
    assert result('reminds-documents', text, ('Yes?',), **given) == 'not_applicable'


TALKED = ('Yes, that is all right with me.',)


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, TALKED, 'Thank you for your time. Goodbye.'), {}, 'pass'),
    ((HELLO, TALKED, 'Have a nice day. Goodbye.'), {}, 'pass'),
    ((HELLO, TALKED, 'Goodbye.'), {}, 'fail'), ((HELLO, TALKED, 'Thank you.'), {}, 'fail'),
    ((HELLO, TALKED, 'Thank you.'), {'confidence': 0.2}, 'unknown'),
    ((HELLO,), {}, 'not_applicable'),
    ((SALAM, ('Ya, baik sekali untuk saya.',), 'Terima kasih. Sampai jumpa.'), INDONESIAN, 'pass'),
])
def test_customers_are_thanked_for_their_time(items, given, expected):
    assert result('thanks-for-time', *items, **given) == expected


MADE = 'Your appointment is on Monday.'
REMIND = 'May we call you to remind you?'


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, MADE, ('Yes, fine.',), REMIND), {}, ('pass', 1.0)),
    ((HELLO, MADE, ('Yes, fine.',)), {}, ('fail', pytest.approx(0.7))),
    ((HELLO, 'Your appointment is confirmed then.', ('Yes, fine.',), REMIND), {},
     ('fail', pytest.approx(0.6))),
    ((HELLO, MADE, ('No, I cannot come.',)), {}, ('fail', pytest.approx(0.4))),
    ((HELLO, MADE, ('Yes, fine.',)), {'book': phrasebook()}, ('unknown', None)),
    ((HELLO, ('Yes?',)), {}, ('not_applicable', None)),
    ((HELLO, ('Yes?',)), {'confidence': 0.2}, ('unknown', None)),
    ((SALAM, 'Sudah kami jadwalkan besok pagi.', ('Ya, baik.',),
      'Boleh kami ingatkan sehari sebelumnya?'), INDONESIAN, ('pass', 1.0)),
])
def test_an_appointment_is_confirmed_agreed_and_to_be_reminded_of(items, given, expected):
    finding = say('appointment-confirmed', *items, **given)
    assert (finding.result, finding.score) == expected


COME = 'Please come to our office.'


@pytest.mark.parametrize('items, given, expected', [
    ((HELLO, COME + ' We are at number 12.'), {}, 'pass'), ((HELLO, COME), {}, 'fail'),
    ((HELLO, COME), {'book': phrasebook()}, 'unknown'), ((HELLO,), {}, 'not_applicable'),
    ((HELLO,), {'confidence': 0.2}, 'unknown'),
    ((SALAM, 'Silakan berkunjung. Kantor kami di jalan Merdeka.'), INDONESIAN, 'pass'),
])
def test_who_is_invited_is_told_the_way(items, given, expected):
    assert result('gives-directions', *items, **given) == expected


SELLING = with_options('outbound-no-price-on-phone')
SALES = {'manifest': {'call_type': 'sales'}}


@pytest.mark.parametrize('text, given, expected', [
    ('It costs 40 dollars.', SALES, 'fail'), (HELLO, SALES, 'pass'),
    (HELLO, {**SALES, 'confidence': 0.2}, 'unknown'), (HELLO, {}, 'unknown'),
    (HELLO, FOLLOW_UP, 'not_applicable'),
    ('Harganya 40 ribu rupiah.', {**SALES, **INDONESIAN}, 'fail'),
])
def test_prices_may_be_kept_off_the_telephone(text, given, expected):
    assert result('no-price-on-phone', text, ('Yes?',), standard=SELLING, **given) == expected


def test_the_default_standard_does_not_judge_prices():
    with pytest.raises(StopIteration):
        say('no-price-on-phone', HELLO)
