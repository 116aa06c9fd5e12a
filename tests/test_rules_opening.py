
import pytest

from tests.calls_for_tests import judged
from tests.rules_for_tests import NOON, changed, found, known_companies, phrase
from tests.standard_for_tests import default_standard, phrasebook
from warehouse.records import AGENT, CALLER

GREETING = 'Good morning, welcome to Acme, my name is Jane Miller, how can I help you?'
REQUEST = 'I have lost my card in York today and I need a new one.'
SALAM = 'Selamat pagi, terima kasih telah menghubungi Acme, nama saya Budi, ' \
        'ada yang bisa saya bantu?'
MINTA = 'Kartu saya hilang di Jakarta tadi pagi dan perlu yang baru.'


def call(opening=GREETING, *more, request=REQUEST, at=0.5):
    """The agent's greeting, the caller's request, and what else is said, a turn after another."""
    said = [(AGENT, at, at + 0.35 * len(opening.split()), opening)]
    for item in (request, *more):
        who, text = item if isinstance(item, tuple) else (CALLER, item)
        start = said[-1][2] + 0.4
        said.append((who, start, start + 0.35 * len(text.split()), text))
    return said, said[-1][2] + 1.0


def say(rule, opening=GREETING, *more, request=REQUEST, at=0.5, **given):
    return found(rule, *call(opening, *more, request=request, at=at), **given)


def result(rule, *args, **given):
    return say(rule, *args, **given).result


TRANSFERRED = {'manifest': {'transfers': [{'at_s': 0.0, 'kind': 'warm'}]}}
CUT = {'manifest': {'answered_at': '2026-03-04T11:59:50+00:00'}, 'started_at': NOON}
LATER = (AGENT, 'One moment.')
NO_NAME = 'Good morning, welcome to Acme, how can I help you?'


@pytest.mark.parametrize('element, opening, given, expected', [
    ('greeting', GREETING, {}, 'pass'), ('greeting', 'How can I help you?', {}, 'fail'),
    ('greeting', 'How can I help you?', CUT, 'unknown'),
    ('greeting', 'How can I help you?', {'confidence': 0.2}, 'unknown'),
    ('greeting', 'How can I help you?', {'transcriber': 'pocketsphinx'}, 'unknown'),
    ('greeting', 'How can I help you?', TRANSFERRED, 'fail'),
    ('greeting', SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
    ('greeting', 'Ada yang bisa saya bantu?', {'language': 'id', 'request': MINTA}, 'fail'),
    ('names-company', GREETING, {}, 'pass'), ('names-company', 'Good morning.', {}, 'fail'),
    ('names-company', 'Good morning.', {'book': phrasebook()}, 'unknown'),
    ('names-company', 'Good morning.', TRANSFERRED, 'not_applicable'),
    ('names-company', 'Good morning.', {'direction': 'outbound'}, 'fail'),
    ('names-company', SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
    ('names-company', 'Selamat pagi.', {'language': 'id', 'request': MINTA}, 'fail'),
    ('self-introduction', GREETING, {}, 'pass'), ('self-introduction', NO_NAME, {}, 'fail'),
    ('self-introduction', 'Good morning, Jane here.', {'manifest': {'agent_name': 'Jane Miller'}},
     'pass'),
    ('self-introduction', 'Good morning, how may I help?', {'manifest': {'agent_name': 'May Lee'}},
     'fail'),
    ('self-introduction', GREETING, {'confidence': 0.3}, 'unknown'),
    ('self-introduction', SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
    ('self-introduction', 'Selamat pagi.', {'language': 'id', 'request': MINTA}, 'fail'),
    ('offers-help', GREETING, {}, 'pass'), ('offers-help', 'Good morning, Acme.', {}, 'fail'),
    ('offers-help', 'Good morning, Acme.', {'direction': 'outbound'}, 'not_applicable'),
    ('offers-help', 'Good morning, Acme.', {'direction': None}, 'unknown'),
    ('offers-help', GREETING, {'direction': None}, 'pass'),
    ('offers-help', 'Good morning, Acme.', TRANSFERRED, 'not_applicable'),
    ('offers-help', SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
    ('offers-help', 'Selamat pagi.', {'language': 'id', 'request': MINTA}, 'fail'),
])
def test_each_element_of_the_greeting_has_its_rule(element, opening, given, expected):
    assert result(f'opening-{element}', opening, LATER, **given) == expected


FOUR = ('greeting', 'names-company', 'self-introduction', 'offers-help')


@pytest.mark.parametrize('language, opening, request_, expected', [
    ('zh', '您好，蓝港银行为您服务，我叫王小明，请问有什么可以帮您？',
     '我的银行卡昨天在北京丢了', 'pass'),
    ('zh', '我在这里听着', '我的银行卡昨天在北京丢了', 'fail'),
    ('ja', 'こんにちは。青港銀行でございます。田中と申します。ご用件をお伺いいたします。',
     '昨日カードをなくしました', 'pass'),
    ('ja', 'それで', '昨日カードをなくしました', 'fail'),
    ('ko', '안녕하세요, 푸른은행입니다. 상담원 김민수입니다. 무엇을 도와드릴까요?',
     '어제 카드를 잃어버려서 새로 받고 싶은데요', 'pass'),
    ('ko', '그래서요', '어제 카드를 잃어버려서 새로 받고 싶은데요', 'fail'),
])
def test_the_elements_are_heard_in_every_language(language, opening, request_, expected):
    if language != 'ko':  # a word a character, as aligners give them
        opening, request_ = ' '.join(opening), ' '.join(request_)
    said, length = call(opening, request=request_)
    assert {rule: found(f'opening-{rule}', said, length, language=language).result
            for rule in FOUR} == dict.fromkeys(FOUR, expected)


def test_what_was_said_is_quoted_and_what_was_not_has_its_window():
    said, missing = say('opening-greeting'), say('opening-self-introduction', NO_NAME)
    assert (said.score, said.evidence, said.start_s) == (1.0, 'Good morning,', pytest.approx(0.5))
    assert (missing.score, missing.start_s <= 0.5) == (0.0, True)
    assert missing.end_s >= 15.0


def test_help_may_be_offered_in_the_agents_second_turn():
    said, length = call('Good morning, Acme.', (AGENT, 'How can I help you?'), request='Good day.')
    assert found('opening-offers-help', said, length).result == 'pass'


def test_a_standard_may_ask_for_first_name_and_surname():
    full = changed('opening', full_name=True)
    rule = 'opening-self-introduction'
    assert result(rule, standard=full) == 'pass'
    assert result(rule, 'Good morning, my name is Jane, welcome to Acme.', standard=full) == 'fail'
    chinese = phrase('self_introduction', 0.6, 1.5, '我叫王小明')
    assert result(rule, '您 好', request='我 的 卡 丢 了', standard=full, language='zh',
                  phrases=[chinese]) == 'unknown'


@pytest.mark.parametrize('rule, item, opening, given, expected', [
    ('states-position', 'position', "Good morning, I'm the duty manager.", {}, 'pass'),
    ('states-position', 'position', GREETING, {}, 'fail'),
    ('states-position', 'position', GREETING, {'book': phrasebook()}, 'unknown'),
    ('states-position', 'position', 'Selamat pagi, saya supervisor.',
     {'language': 'id', 'request': MINTA}, 'pass'),
    ('thanks-for-calling', 'thanks', 'Thank you for calling Acme.', {}, 'pass'),
    ('thanks-for-calling', 'thanks', GREETING, {}, 'fail'),
    ('thanks-for-calling', 'thanks', GREETING, {'confidence': 0.2}, 'unknown'),
    ('thanks-for-calling', 'thanks', 'Selamat pagi, terima kasih telah menelepon.',
     {'language': 'id', 'request': MINTA}, 'pass'),
])
def test_some_elements_are_asked_for_by_standards_that_list_them(rule, item, opening, given,
                                                                expected):
    listed = changed('opening', require=('greeting', item))
    assert result(f'opening-{rule}', opening, standard=listed, **given) == expected
    assert result(f'opening-{rule}', opening, **given) == 'not_applicable'


EVENING = {'started_at': NOON.replace(hour=20), 'manifest': {'timezone': 'Europe/London'}}
ABROAD = {'started_at': NOON.replace(hour=1), 'manifest': {'timezone': 'Asia/Jakarta'}}
HOURS = 'opening-time-of-day-greeting'


@pytest.mark.parametrize('opening, given, expected', [
    ('Good evening, how can I help you?', EVENING, 'pass'),
    ('Good morning, how can I help you?', EVENING, 'fail'),
    ('Hello, how can I help you?', EVENING, 'fail'),
    ('Good evening, how can I help you?', {'started_at': NOON}, 'unknown'),
    ('Good evening, how can I help you?', {'manifest': {'timezone': 'Europe/London'}}, 'unknown'),
    ('How can I help you?', EVENING, 'not_applicable'),
    ('How can I help you?', {**EVENING, 'confidence': 0.2}, 'unknown'),
    (SALAM, {**ABROAD, 'language': 'id', 'request': MINTA}, 'pass'),
    ('Selamat malam.', {**ABROAD, 'language': 'id', 'request': MINTA}, 'fail'),
])
def test_the_greeting_fits_the_hour_at_the_customers_place(opening, given, expected):
    assert result(HOURS, opening, **given) == expected


@pytest.mark.parametrize('language, words, hour, expected', [
    ('ja', 'こん ばん は', 23, 'pass'), ('ja', 'おはよう ございます', 23, 'fail'),
    ('ko', '좋은 아침입니다', 9, 'pass'), ('ko', '좋은 저녁입니다', 9, 'fail'),
    ('zh', '晚 上 好', 20, 'pass'), ('zh', '您 好', 20, 'fail'),
])
def test_every_language_has_its_greetings_of_the_hour(language, words, hour, expected):
    finding = say(HOURS, 'ok', request='ok', language=language, book=known_companies(),
                  phrases=[phrase('greeting', 0.6, 1.0, words)],
                  started_at=NOON.replace(hour=hour), manifest={'timezone': 'UTC'})
    assert finding.result == expected


@pytest.mark.parametrize('rule, opening, given, expected', [
    ('no-bare-hello', 'Hello?', {}, 'fail'), ('no-bare-hello', GREETING, {}, 'pass'),
    ('no-bare-hello', 'Hello, Jane speaking.', {}, 'pass'),
    ('no-bare-hello', GREETING, {'confidence': 0.2}, 'unknown'),
    ('no-bare-hello', GREETING, CUT, 'unknown'),
    ('no-bare-hello', 'Halo', {'language': 'id', 'request': MINTA}, 'fail'),
    ('no-bare-hello', SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
    ('no-listening-phrase', "Good morning, I'm listening to you.", {}, 'fail'),
    ('no-listening-phrase', GREETING, {}, 'pass'),
    ('no-listening-phrase', GREETING, {'book': phrasebook()}, 'unknown'),
    ('no-listening-phrase', 'Selamat pagi, saya mendengarkan anda.',
     {'language': 'id', 'request': MINTA}, 'fail'),
])
def test_what_the_standard_forbids_does_not_open_a_call(rule, opening, given, expected):
    assert result(f'opening-{rule}', opening, **given) == expected
    silent = {**given, 'standard': changed('opening', forbid=())}
    assert result(f'opening-{rule}', opening, **silent) == 'not_applicable'


def test_a_bare_hello_is_quoted():
    finding = say('opening-no-bare-hello', 'Hello?')
    assert (finding.evidence, finding.start_s) == ('Hello?', pytest.approx(0.5))


def test_listening_may_be_said_later_in_the_call():
    said, length = call(GREETING, (AGENT, 'ok ' * 40), 'Are you there?', (AGENT, 'ok ' * 10),
                        'Well?', (AGENT, "I'm listening to you."))
    assert found('opening-no-listening-phrase', said, length).result == 'pass'


ACTIVITY = changed('opening', activity_phrases=('building materials', 'bahan bangunan'))


@pytest.mark.parametrize('opening, given, expected', [
    ('Good morning, Acme, Building Materials.', {}, 'pass'), (GREETING, {}, 'fail'),
    (GREETING, CUT, 'unknown'), (GREETING, {'confidence': 0.2}, 'unknown'),
    ('Selamat pagi, toko bahan bangunan.', {'language': 'id', 'request': MINTA}, 'pass'),
    (SALAM, {'language': 'id', 'request': MINTA}, 'fail'),
])
def test_the_line_of_business_is_said_where_the_site_asks_for_it(opening, given, expected):
    assert result('opening-states-activity', opening, standard=ACTIVITY, **given) == expected
    assert result('opening-states-activity', opening, **given) == 'not_applicable'


@pytest.mark.parametrize('opening, given, expected', [
    ('Good morning, welcome to Acme.', {}, 'fail'), (NO_NAME, {}, 'pass'),
    ('Good morning, welcome to Acme, my name is Jane.', {}, 'pass'),
    ('Good morning.', {}, 'not_applicable'),
    ('Good morning.', {'book': phrasebook()}, 'unknown'),
    ('Good morning, welcome to Acme.', {'transcriber': 'pocketsphinx'}, 'unknown'),
    ('Good morning, welcome to Acme.', {'standard': changed('opening', company_only_ok=True)},
     'not_applicable'),
    ('Selamat datang di Acme.', {'language': 'id', 'request': MINTA}, 'fail'),
    (SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
])
def test_a_greeting_does_not_stop_at_the_company(opening, given, expected):
    assert result('opening-not-company-only', opening, **given) == expected


@pytest.mark.parametrize('opening, given, expected', [
    ('Hello, how can I help you?', {}, 'fail'), (NO_NAME, {}, 'pass'),
    ('Hello, my name is Jane, how can I help you?', {}, 'pass'),
    ('Good morning.', {}, 'not_applicable'), ('Good morning.', {'confidence': 0.2}, 'unknown'),
    ('Hello, how can I help you?', {'book': phrasebook()}, 'unknown'),
    ('Hello, how can I help you?', CUT, 'unknown'),
    ('Hello, how can I help you?', {'standard': changed('opening', help_only_ok=True)},
     'not_applicable'),
    ('Halo, ada yang bisa saya bantu?', {'language': 'id', 'request': MINTA}, 'fail'),
    (SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
])
def test_help_is_not_offered_drily(opening, given, expected):
    assert result('opening-not-help-only', opening, **given) == expected


ORDERED = changed('opening', order=('greeting', 'company', 'self_name', 'offer_help'))
NAME_FIRST = changed('opening', order=('greeting', 'self_name', 'company'))


@pytest.mark.parametrize('opening, standard, given, expected', [
    (GREETING, ORDERED, {}, 'pass'), (GREETING, NAME_FIRST, {}, 'fail'),
    (GREETING, None, {}, 'not_applicable'), ('Good morning.', ORDERED, {}, 'not_applicable'),
    ('Good morning.', ORDERED, {'confidence': 0.2}, 'unknown'),
    (SALAM, ORDERED, {'language': 'id', 'request': MINTA}, 'pass'),
    (SALAM, NAME_FIRST, {'language': 'id', 'request': MINTA}, 'fail'),
])
def test_the_elements_keep_the_order_of_the_standard(opening, standard, given, expected):
    assert result('opening-element-order', opening, standard=standard, **given) == expected


@pytest.mark.parametrize('words, given, expected', [
    (10, {}, 'pass'), (60, {}, 'fail'), (10, CUT, 'unknown'), (60, CUT, 'fail'),
])
def test_a_greeting_is_short(words, given, expected):
    assert result('opening-concise', 'welcome ' * words, **given) == expected


HOUSE = changed('opening', script='Good morning, welcome to {company}, my name is {name}, '
                                  'how can I help you?')


@pytest.mark.parametrize('opening, given, expected', [
    (GREETING, {}, 'pass'), ('Good morning, Acme, how can I help?', {}, 'fail'),
    ('Hello, Jane speaking.', {'transcriber': 'pocketsphinx'}, 'unknown'),
    ('Hello, Jane speaking.', CUT, 'unknown'),
])
def test_the_greeting_of_the_house_is_known_by_its_words(opening, given, expected):
    assert result('opening-company-standard', opening, standard=HOUSE, **given) == expected
    assert result('opening-company-standard', opening, **given) == 'not_applicable'


def test_a_greeting_of_the_house_in_characters_is_compared_by_characters():
    house = changed('opening', script='您好 {company} 为您服务')
    said = '您 好 蓝 港 银 行 为 您 服 务'
    finding = say('opening-company-standard', said, request='我 的 卡 丢 了', standard=house,
                  language='zh')
    assert (finding.result, finding.score) == ('pass', 1.0)


FIRST_15 = 'opening-first-fifteen-seconds'
SLOW = [(AGENT, 0.5, 3.0, 'Good morning, welcome to Acme.'), (CALLER, 3.2, 4.0, 'Good morning.'),
        (AGENT, 9.0, 12.0, 'My name is Jane, how can I help you?'), (CALLER, 12.4, 18.0, REQUEST)]


@pytest.mark.parametrize('opening, given, expected', [
    (GREETING, {}, 'pass'), (NO_NAME, {}, 'fail'), (NO_NAME, {'confidence': 0.2}, 'unknown'),
    (NO_NAME, CUT, 'unknown'), (NO_NAME, {'direction': None}, 'fail'),
    ('Good morning, welcome to Acme, my name is Jane.', {'direction': None}, 'unknown'),
    ('Good morning.', {'book': phrasebook()}, 'unknown'),
    (GREETING, {'standard': changed('opening', complete_within_s=None)}, 'not_applicable'),
    ('Good morning, my name is Jane.', TRANSFERRED, 'pass'),
    (SALAM, {'language': 'id', 'request': MINTA}, 'pass'),
    ('Selamat pagi.', {'language': 'id', 'request': MINTA}, 'fail'),
])
def test_the_greeting_is_complete_in_fifteen_seconds(opening, given, expected):
    assert result(FIRST_15, opening, **given) == expected


def test_silence_in_the_first_fifteen_seconds_wins_nobody():
    finding = found(FIRST_15, SLOW, 19.0)
    assert (finding.result, finding.why) == ('fail', 'silence in the opening')
    assert (finding.start_s, finding.end_s) == (pytest.approx(4.0), pytest.approx(9.0))


def test_an_element_said_too_late_is_named():
    said = [(AGENT, 0.5, 3.0, 'Good morning, welcome to Acme.'), (CALLER, 3.2, 14.5, REQUEST),
            (AGENT, 14.6, 19.0, 'My name is Jane and how can I help you with that today?')]
    assert found(FIRST_15, said, 20.0).why == \
        'not said in the first 15 s: self name, offer help'


def paced(opening_s, **given):
    other = 'so the parcel left our warehouse on monday'
    said = [(AGENT, 0.5, 0.5 + opening_s, 'Good morning welcome to Acme how can I help you')]
    at = 16.5
    for _ in range(4):
        said += [(CALLER, at - 0.9, at - 0.4, 'And then?'), (AGENT, at, at + 4.0, other)]
        at += 5.2
    return found('opening-first-words-slow', said, at, **given)


@pytest.mark.parametrize('opening_s, given, expected', [
    (5.0, {}, 'pass'), (2.5, {}, 'fail'), (2.5, {'confidence': 0.2}, 'unknown'),
    (2.5, {'transcript_trust': 'low'}, 'unknown'),
])
def test_the_first_words_are_no_faster_than_the_agents_others(opening_s, given, expected):
    assert paced(opening_s, **given).result == expected


def test_a_rate_needs_words():
    assert result('opening-first-words-slow', 'Good morning.') == 'unknown'
    said = [(AGENT, 0.5, 5.0, '안녕하세요 푸른은행입니다 무엇을 도와드릴까요')]
    at = 16.5
    for _ in range(3):
        said += [(CALLER, at - 0.9, at - 0.4, '네'),
                 (AGENT, at, at + 4.0, '카드는 월요일에 발송되었습니다')]
        at += 5.2
    finding = found('opening-first-words-slow', said, at, language='ko')
    assert finding.why == '1.33 times the agent\'s usual rate'
    assert finding.result == 'fail'


PURPOSE = 'opening-asks-purpose'


@pytest.mark.parametrize('opening, request_, given, expected', [
    (GREETING, REQUEST, {}, 'pass'), ('Good morning.', REQUEST, {}, 'pass'),
    ('Good morning.', 'Hello.', {}, 'fail'),
    ('Good morning.', 'Hello.', {'book': phrasebook()}, 'unknown'),
    ('Good morning.', 'Hello.', {'direction': None}, 'unknown'),
    ('Good morning.', 'Hello.', {'direction': 'outbound'}, 'not_applicable'),
    ('Good morning, what information do you need?', 'Hello.', {}, 'pass'),
    ('Selamat pagi, kendalanya apa?', 'Halo.', {'language': 'id'}, 'pass'),
    ('Selamat pagi.', 'Halo.', {'language': 'id'}, 'fail'),
])
def test_the_purpose_is_asked_for_or_told_unasked(opening, request_, given, expected):
    assert result(PURPOSE, opening, request=request_, **given) == expected


def test_a_request_told_unasked_is_the_evidence():
    finding = say(PURPOSE, 'Good morning.')
    assert (finding.speaker, finding.evidence) == (CALLER, REQUEST)


def test_every_rule_of_the_opening_speaks_of_every_call():
    findings = judged(*call(), book=known_companies()).findings
    known = {row.id for row in default_standard().rules if row.stage == 'opening' and row.decide}
    assert {f.rule_id for f in findings if f.stage == 'opening'} == known
    assert len(known) == 24
