import dataclasses
import json
from datetime import datetime, timezone
from itertools import product

import pytest

from tests.calls_for_tests import judged, kpis_of
from tests.standard_for_tests import default_standard
from transforms.rules.signoff import judge
from transforms.standard import HangsUpFirst
from warehouse.records import AGENT, CALLER

BUSINESS = ' '.join(['the parcel left our warehouse on monday and it will be with you soon'] * 4)
NEED, WISH, THANKS, BYE = ('Is there anything else I can help you with?', 'Have a nice day.',
                           'Thank you for calling.', 'Goodbye.')


def call(*ending, trail_s=1.0):
    """A call of a minute of business, then the ending: agent's texts, and the caller's in ()."""
    said = [(AGENT, 0, 4, 'Good morning, how can I help you?'),
            (CALLER, 4.5, 20, 'I have been waiting for my parcel. ' + BUSINESS),
            (AGENT, 20.5, 60, BUSINESS)]
    at = 60.5
    for item in ending:
        who, text = (CALLER, item[0]) if isinstance(item, tuple) else (AGENT, item)
        length = 0.35 * len(text.split())
        said.append((who, at, at + length, text))
        at += length + 0.3
    return said, at - 0.3 + trail_s


def columns(*ending, trail_s=1.0, **given):
    kpis = kpis_of(*call(*ending, trail_s=trail_s), **given)
    return kpis.signoff_order, kpis.signoff_spoken, kpis.signoff_status


def standard(**closing):
    given = default_standard()
    sides = closing.pop('hangs_up_first', None)
    if sides:
        closing['hangs_up_first'] = HangsUpFirst(*sides)
    return dataclasses.replace(given, closing=dataclasses.replace(given.closing, **closing))


KOREAN = standard(require=('further_help', 'thanks', ('farewell', 'soft_close'), 'hangup'),
                  hangs_up_first=('any', 'any'), final_act='farewell_or_thanks')
JAPANESE = standard(require=(('thanks', 'apology'), 'farewell'), hangs_up_first=('any', 'any'))
CHINESE = standard(require=('thanks', 'wish', 'farewell'), hangs_up_first=('any', 'any'))


@pytest.mark.parametrize('ending, given, expected', [
    # the endings of the etiquette documents, and their defects
    ((NEED, ('No thank you',), WISH, THANKS, BYE), {}, ('in_order', 'in_order')),
    ((NEED, WISH, THANKS, BYE), {'hung_up_by': AGENT}, ('in_order', 'partial')),
    ((NEED, WISH, THANKS, BYE), {'hung_up_by': None}, ('in_order', 'unknown')),
    ((THANKS, BYE), {}, ('partial', 'partial')),
    ((THANKS, BYE), {'standard': JAPANESE}, ('in_order', 'in_order')),
    ((THANKS, WISH, BYE), {'standard': CHINESE}, ('in_order', 'in_order')),
    ((NEED, BYE, THANKS), {}, ('out_of_order', 'out_of_order')),
    ((NEED, THANKS, BYE, 'Thanks again.'), {}, ('in_order', 'in_order')),
    ((NEED, BUSINESS, THANKS, BYE), {}, ('partial', 'partial')),
    ((BUSINESS,), {'trail_s': 5.0}, ('missing', 'missing')),
    ((BUSINESS,), {'trail_s': 5.0, 'confidence': 0.2}, ('unknown', 'unknown')),
    ((BYE,), {'confidence': 0.2, 'hung_up_by': AGENT}, ('unknown', 'partial')),
    ((NEED, THANKS, BYE), {'manifest': json.dumps({'transfers': [{'at_s': 90.0}]})},
     ('not_applicable', 'not_applicable')),
    # who is to hang up, and what may stand for a farewell
    ((NEED, THANKS, BYE), {'direction': 'outbound', 'hung_up_by': AGENT}, ('in_order', 'in_order')),
    ((NEED, THANKS, BYE), {'direction': None}, ('in_order', 'in_order')),
    ((NEED, THANKS, BYE), {'direction': None, 'hung_up_by': AGENT}, ('in_order', 'unknown')),
    ((NEED, THANKS), {'standard': KOREAN}, ('in_order', 'in_order')),
    ((NEED, THANKS), {}, ('partial', 'partial')),
    ((NEED, THANKS, "I won't keep you any longer."), {}, ('in_order', 'in_order')),
    ((NEED, "I'm sorry.", BYE), {'manifest': '{"call_type": "complaint"}'},
     ('in_order', 'in_order')),
    ((NEED, "I'm sorry.", BYE), {}, ('partial', 'partial')),
])
def test_each_ending_has_its_status(ending, given, expected):
    assert columns(*ending, **given)[1:] == expected


@pytest.mark.parametrize('ending, order', [
    ((NEED, THANKS, WISH, BYE), 'further_help,thanks,wish,farewell'),
    ((BYE, THANKS, BYE), 'farewell,thanks'),
    (('Thank you for your patience.', NEED, BYE), 'further_help,farewell'),
    (('Have a great weekend. Bye bye.',), 'wish,farewell'),
    (("Thank you and have a good day, I won't keep you any longer",), 'thanks,wish,farewell'),
    ((NEED, BUSINESS, THANKS, BYE), 'thanks,farewell'),
    ((NEED, ('no that is all and ' + BUSINESS,), THANKS, BYE), 'further_help,thanks,farewell'),
    ((BUSINESS,), ''),
])
def test_the_order_names_the_acts_of_the_end_by_their_first_mention(ending, order):
    assert columns(*ending)[0] == order


def test_a_hold_between_two_acts_is_new_business():
    said, length = call(NEED)
    said += [(AGENT, length + 10, length + 12, 'Thank you for waiting.'),
             (AGENT, length + 12.5, length + 14, 'Thank you for calling. Goodbye.')]
    manifest = json.dumps({'holds': [{'start_s': length, 'end_s': length + 9.5}]})
    assert kpis_of(said, length + 15, manifest=manifest).signoff_order == 'thanks,farewell'
    assert kpis_of(said, length + 15, manifest='{"holds": []}').signoff_order == \
        'further_help,thanks,farewell'


def test_a_farewell_long_before_the_end_ends_nothing():
    said, length = call(NEED, THANKS, BYE)
    said += [(CALLER, length + 1, length + 40, BUSINESS)]
    assert kpis_of(said, length + 41).signoff_order == ''


def test_what_the_caller_says_is_no_sign_off():
    assert columns(BUSINESS, ('Thank you. Goodbye. Have a nice day.',), trail_s=5.0)[:2] == (
        '', 'missing')


@pytest.mark.parametrize('given', [{'transcript_trust': 'low'}, {'transcript_trust': 'none'},
                                   {'language': 'fr'},
                                   {'language': 'id'}])
def test_without_words_to_believe_the_sign_off_is_unknown(given):
    found = judged(*call(NEED, THANKS, BYE), **given)
    kpis = found.kpis[0]
    assert (kpis.signoff_order, kpis.signoff_spoken, kpis.signoff_status) == (
        None, 'unknown', 'unknown')
    assert 'kpi.signoff_order' in {finding.rule_id for finding in found.findings}


def test_the_embedded_engine_proves_what_was_said_and_nothing_that_was_not():
    assert columns(NEED, THANKS, BYE, transcriber='pocketsphinx')[1:] == ('in_order', 'in_order')
    assert columns(NEED, BYE, THANKS, transcriber='pocketsphinx')[1] == 'out_of_order'
    assert columns(THANKS, BYE, transcriber='pocketsphinx') == (
        'thanks,farewell', 'unknown', 'unknown')
    assert columns(BUSINESS, trail_s=5.0, transcriber='pocketsphinx') == ('', 'unknown', 'unknown')


@pytest.mark.parametrize('given', [
    {'agent_lane_source': 'first_speaker', 'agent_lane_confidence': 0.5},
    {'manifest': '{"ended_at": "2026-03-02T10:30:00+00:00"}'},
    {'standard': dataclasses.replace(default_standard(), checked=dataclasses.replace(
        default_standard().checked, accept_unreviewed=False))},
])
def test_absence_proves_nothing_unless_all_was_heard(given):
    started = datetime(2026, 3, 2, 10, tzinfo=timezone.utc)
    assert columns(THANKS, BYE, started_at=started)[1] == 'partial'
    assert columns(THANKS, BYE, started_at=started, **given)[1] == 'unknown'


def test_a_caller_who_just_hangs_up_leaves_no_sign_off_to_judge():
    assert columns(BUSINESS, trail_s=1.0)[1:] == ('missing', 'not_applicable')
    assert columns(BUSINESS, trail_s=1.0, hung_up_by=AGENT)[1:] == ('missing', 'missing')


def test_calls_without_a_conversation_have_no_sign_off():
    alone = kpis_of([(AGENT, 0, 5, 'Good morning, how can I help you?')], 10.0)
    assert alone.signoff_spoken == alone.signoff_status == 'not_applicable'
    unheard = kpis_of([(AGENT, 0, 3, 'Good morning'), (CALLER, 3.2, 6, 'is anybody there at all'),
                       (AGENT, 7, 9, "I'm sorry, I can't hear you.")], 12.0)
    assert unheard.signoff_spoken == 'not_applicable'


def test_an_agent_who_warned_of_abuse_may_end_the_call():
    ending = ("Please mind your language, otherwise I'll have to end this call.",)
    assert columns(*ending, hung_up_by=AGENT)[1:] == ('missing', 'not_applicable')


STATES = ('present', 'stale', 'absent', 'unknown', 'exempt')
SIDES = ('pass', 'fail', 'unknown', 'exempt')


@pytest.mark.parametrize('states', list(product(STATES, repeat=3)))
def test_a_certain_status_is_contradicted_by_no_way_to_fill_what_is_unknown(states):
    for side, in_order in product(SIDES, (True, False)):
        steps = dict(zip((('further_help',), ('thanks',), ('farewell',)), states, strict=True))
        status = judge(steps, side, in_order)
        assert status in {'in_order', 'out_of_order', 'partial', 'missing', 'unknown',
                          'not_applicable'}
        if status == 'unknown':
            assert 'unknown' in (*states, side)
            continue
        for fill in product(('present', 'absent'), repeat=states.count('unknown')):
            known = iter(fill)
            filled = {step: next(known) if state == 'unknown' else state
                      for step, state in steps.items()}
            for known_side in (('pass', 'fail') if side == 'unknown' else (side,)):
                said = sum(state == 'present' for state in filled.values())
                assert judge(filled, known_side, in_order if said >= 2 else True) == status

