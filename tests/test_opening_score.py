import json

import pytest

from tests.calls_for_tests import judged
from tests.rules_for_tests import NOON, changed, known_companies
from tests.test_rules_opening import GREETING, LATER, NO_NAME, REQUEST, call
from warehouse.records import AGENT, CALLER

RANG = {'ringing_at': '2026-03-04T12:00:00+00:00', 'answered_at': '2026-03-04T12:00:04+00:00'}


def score(opening, *more, manifest=None, at=0.5, standard=None, said=None, **given):

    said, length = said or call(opening, *more, at=at)
    return judged(said, length, book=known_companies(), standard=standard,
                  manifest=json.dumps(manifest or {}), started_at=NOON, **given).kpis[0]


def test_a_greeting_without_a_name_scores_eighty():
    assert score(NO_NAME, LATER, manifest=RANG, at=4.5).opening_score == pytest.approx(80)


def test_without_ringing_the_score_is_of_what_is_known():
    assert score(NO_NAME, LATER).opening_score == pytest.approx(100 * 0.65 / 0.85)


def test_a_complete_greeting_scores_a_hundred():
    assert score(GREETING, LATER, manifest=RANG, at=4.5).opening_score == pytest.approx(100)


def test_a_bare_hello_and_a_demand_are_not_clean():
    assert score(GREETING, (AGENT, 'Who is this?')).opening_score == pytest.approx(
        100 * 0.75 / 0.85)
    assert score('Hello?', LATER).opening_score == pytest.approx(100 * 0.2 / 0.85)


def test_of_elements_that_may_stand_for_each_other_the_best_counts():
    either = changed('opening', require=('greeting', ('self_name', 'offer_help')), forbid=())
    assert score(NO_NAME, LATER, standard=either).opening_score == pytest.approx(100)
    assert score('Good morning.', LATER, standard=either).opening_score == pytest.approx(50)


def test_an_element_said_late_but_before_the_answer_counts_half():
    early = [(AGENT, 0.5, 3.0, 'Good morning, welcome to Acme.'), (CALLER, 3.2, 4.0, 'Hello.'),
             (AGENT, 4.4, 6.0, 'How can I help you?'), (CALLER, 6.4, 7.4, 'One second.')]
    late = [*early, (AGENT, 20.0, 22.0, 'My name is Jane.'), (CALLER, 23.0, 27.0, REQUEST)]
    after = [*early, (CALLER, 8.0, 13.0, REQUEST), (AGENT, 17.0, 19.0, 'Let me see. Well.'),
             (CALLER, 19.2, 19.9, 'Yes?'), (AGENT, 20.0, 22.0, 'My name is Jane.')]
    assert score('', said=(late, 28.0)).opening_score == pytest.approx(100 * 0.75 / 0.85)
    assert score('', said=(after, 28.0)).opening_score == pytest.approx(100 * 0.65 / 0.85)


def test_a_leg_that_was_transferred_in_needs_a_greeting_and_a_name():
    moved = {'transfers': [{'at_s': 0.0, 'kind': 'warm'}]}
    assert score('Good morning, my name is Jane.', LATER, manifest=moved).opening_score == \
        pytest.approx(100)
    assert score(NO_NAME, LATER, manifest=moved).opening_score == pytest.approx(60)


OUTBOUND = 'Good morning, my name is Jane, welcome to Acme, I am calling about your order, ' \
           'is this a good time?'


def test_a_call_that_the_agent_makes_needs_purpose_and_convenience_and_no_pickup():
    assert score(OUTBOUND, LATER, direction='outbound', manifest=RANG,
                 at=4.5).opening_score == pytest.approx(100)
    assert score(GREETING, LATER, direction='outbound', manifest=RANG,
                 at=4.5).opening_score == pytest.approx(70)


def test_what_is_not_known_of_an_opening_does_not_count():
    assert score(NO_NAME, LATER, transcriber='pocketsphinx').opening_score == pytest.approx(100)
    assert score(NO_NAME, LATER, transcript_trust='low').opening_score is None
