import pytest

from tests.rules_for_tests import with_options
from tests.standard_for_tests import phrasebook
from tests.test_rules_opening import GREETING, LATER, MINTA, SALAM, result
from warehouse.records import AGENT

NAME, AGAIN, THANKED = ('opening-asks-caller-name', 'opening-forgotten-name-reminder',
                        'opening-thanks-for-name')
ASK = (AGENT, 'May I have your name?')


@pytest.mark.parametrize('more, given, expected', [
    ((ASK, 'Smith.'), {}, 'pass'), ((LATER,), {}, 'fail'),
    ((LATER, 'My name is John Smith.'), {}, 'pass'),
    ((LATER,), {'book': phrasebook()}, 'unknown'), ((LATER,), {'direction': None}, 'unknown'),
    ((LATER,), {'direction': 'outbound'}, 'not_applicable'),
    ((LATER,), {'manifest': {'caller_name': 'John Smith'}}, 'not_applicable'),
    (((AGENT, 'Boleh saya tahu nama bapak?'), 'Rudi.'), {'language': 'id'}, 'pass'),
    (((AGENT, 'Baik.'),), {'language': 'id', 'opening': SALAM, 'request': MINTA}, 'fail'),
])
def test_the_callers_name_is_asked_for(more, given, expected):
    given = dict(given)
    assert result(NAME, given.pop('opening', GREETING), *more, **given) == expected


@pytest.mark.parametrize('more, given, expected', [
    (((AGENT, 'Who is this?'),), {}, 'fail'), ((ASK,), {}, 'pass'),
    ((LATER,), {'transcriber': 'pocketsphinx'}, 'unknown'),
    (((AGENT, 'Siapa ini?'),), {'language': 'id'}, 'fail'),
    (((AGENT, 'Baik.'),), {'language': 'id', 'opening': SALAM, 'request': MINTA}, 'pass'),
])
def test_the_callers_name_is_never_demanded(more, given, expected):
    given = dict(given)
    rule = 'opening-caller-name-tactful'
    assert result(rule, given.pop('opening', GREETING), *more, **given) == expected


@pytest.mark.parametrize('more, given, expected', [
    (((AGENT, 'Where have I got through to?'),), {}, 'fail'), ((LATER,), {}, 'pass'),
    ((LATER,), {'book': phrasebook()}, 'unknown'),
    (((AGENT, 'Ini dari mana ya?'),), {'language': 'id'}, 'fail'),
])
def test_nobody_guesses_who_calls(more, given, expected):
    assert result('opening-no-name-guessing', GREETING, *more, **given) == expected


@pytest.mark.parametrize('more, given, expected', [
    ((ASK, 'Smith.', (AGENT, 'Could you remind me of your name?'), 'Smith.'), {}, 'pass'),
    ((ASK, 'Smith.', (AGENT, 'Could I take your name?'), 'Smith.'), {}, 'fail'),
    ((ASK, 'Smith.', (AGENT, 'Could I take your name?'), 'Smith.'), {'book': phrasebook()},
     'unknown'),
    ((ASK, 'Smith.'), {}, 'not_applicable'), ((ASK, 'Smith.'), {'confidence': 0.2}, 'unknown'),
    (((AGENT, 'Boleh saya tahu nama bapak?'), 'Rudi.',
      (AGENT, 'Boleh disebutkan lagi namanya?'), 'Rudi.'), {'language': 'id'}, 'pass'),
])
def test_who_forgot_the_name_asks_to_be_reminded(more, given, expected):
    assert result(AGAIN, GREETING, *more, **given) == expected


@pytest.mark.parametrize('more, given, expected', [
    ((ASK, 'John Smith.', (AGENT, 'Thank you, Mr Smith.')), {}, 'pass'),
    ((ASK, 'John Smith.', (AGENT, 'Thank you, John.')), {}, 'pass'),
    ((ASK, 'John Smith.', (AGENT, 'Thank you.')), {}, 'fail'),
    ((ASK, 'John Smith.', (AGENT, 'All right.')), {}, 'fail'),
    ((ASK, 'John Smith.', (AGENT, 'Well then.')), {'confidence': 0.2}, 'unknown'),
    ((LATER,), {}, 'not_applicable'), ((ASK,), {}, 'unknown'),
    (((AGENT, 'Boleh saya tahu nama bapak?'), 'Rudi.', (AGENT, 'Terima kasih pak Rudi.')),
     {'language': 'id'}, 'pass'),
    (((AGENT, 'Boleh saya tahu nama bapak?'), 'Rudi.', (AGENT, 'Ada lagi?')),
     {'language': 'id'}, 'fail'),
])
def test_the_caller_is_thanked_for_the_name_and_addressed(more, given, expected):
    assert result(THANKED, GREETING, *more, **given) == expected


DETAILS = 'opening-collects-caller-details'
FIELDS = {'return': ('ask_name', 'ask_phone')}
RETURN = {'manifest': {'call_type': 'return'}}


@pytest.mark.parametrize('more, given, expected', [
    ((ASK, 'Smith.', (AGENT, 'What is your phone number?'), 'It is on the form.'), RETURN, 'pass'),
    ((ASK, 'Smith.'), RETURN, 'fail'),
    ((ASK, 'My number is [phone] by the way.'), RETURN, 'pass'),
    ((ASK, 'My card is [card] by the way.'), RETURN, 'unknown'),
    ((ASK, 'Smith.'), {**RETURN, 'book': phrasebook()}, 'unknown'),
    ((ASK, 'Smith.'), {}, 'unknown'),
    ((ASK, 'Smith.'), {'manifest': {'call_type': 'praise'}}, 'not_applicable'),
    (((AGENT, 'Boleh saya tahu nama bapak? Boleh minta nomor teleponnya?'), 'Rudi.'),
     {**RETURN, 'language': 'id'}, 'pass'),
])
def test_the_details_that_a_call_type_requires_are_taken(more, given, expected):
    standard = with_options(DETAILS, require_fields=FIELDS)
    assert result(DETAILS, GREETING, *more, standard=standard, **given) == expected
    assert result(DETAILS, GREETING, *more, **given) == 'not_applicable'
