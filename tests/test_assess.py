import dataclasses
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls_for_tests import call_of, event, judged, perceived_of
from tests.standard_for_tests import default_standard, phrasebook
from transforms.assess import assess, perceived
from transforms.intervals import union
from warehouse.records import AGENT, CALLER

TALK = [(AGENT, 9.0, 12.0, 'Good morning, how can I help you?'),
        (CALLER, 12.4, 18.0, 'I have lost my card in York today and I need a new one.'),
        (AGENT, 15.0, 15.4, 'Right.'), (AGENT, 18.3, 21.0, 'One moment please.'),
        (AGENT, 50.0, 54.0, 'Thank you for waiting. Goodbye.')]
HEARD = (event('ring', 'ringback', 1.0, 2.0), event('ring', 'ringback', 5.0, 6.0),
         event('ring', 'ringback', 45.0, 46.0), event('tone', 'record_beep', 8.0, 8.3),
         event('hold', 'music', 22.0, 30.0, CALLER), event('hold', 'music', 33.0, 44.0, CALLER))


def order(found):
    return [(e.start_s, e.end_s, (AGENT, CALLER, None).index(e.speaker)) for e in found.events]


def test_events_are_numbered_in_order_of_time_with_the_agent_first():
    found = judged(TALK, 60.0, HEARD)
    assert [e.event for e in found.events] == list(range(len(found.events)))
    assert order(found) == sorted(order(found))
    assert {e.kind for e in found.events} == {'speech', 'ring', 'tone', 'hold', 'overlap',
                                              'silence', 'phrase'}


def test_what_was_said_is_an_event_with_its_words_and_times():
    phrases = {e.label: e for e in judged(TALK, 60.0).events if e.kind == 'phrase'}
    assert phrases['greeting'].evidence == 'Good morning,'
    assert phrases['hold_return_thanks'].start_s == pytest.approx(50.0)
    assert phrases['farewell'].speaker == AGENT
    assert phrases['backchannel'].evidence == 'Right.'


def test_nothing_was_said_where_the_words_are_not_believed():
    assert not [e for e in judged(TALK, 60.0, transcript_trust='low').events if e.kind == 'phrase']


def test_a_call_in_a_language_without_a_phrase_list_has_no_phrases():
    found = judged(TALK, 60.0, language='fr')
    assert not [e for e in found.events if e.kind == 'phrase']
    assert found.kpis[0].signoff_spoken == 'unknown'
    assert found.kpis[0].agent_speech_rate is not None


def test_what_was_heard_is_kept_when_it_is_judged_otherwise():
    found = judged(TALK, 60.0, HEARD)
    assert [(e.label, e.start_s, e.end_s) for e in found.events if e.kind == 'hold'] == [
        ('music', 22.0, 44.0)]
    assert [e.start_s for e in found.events if e.label == 'hold_music'] == [22.0, 33.0]
    kept = perceived(found.events)
    assert [(e.kind, e.label, e.start_s, e.end_s, e.speaker) for e in kept
            if e.kind != 'speech'] == [(e.kind, e.label, e.start_s, e.end_s, e.speaker)
                                       for e in sorted(HEARD, key=lambda e: e.start_s)]


def test_a_hold_that_is_as_it_was_heard_is_stored_once():
    found = judged(TALK, 60.0, HEARD[4:5])
    assert [(e.kind, e.label, e.speaker) for e in found.events if e.start_s == 22.0
            and e.kind in ('hold', 'tone')] == [('hold', 'music', CALLER)]


def test_an_assessment_survives_a_process_boundary():
    found = judged(TALK, 60.0, HEARD)
    assert pickle.loads(pickle.dumps(found)) == found
    again = pickle.loads(pickle.dumps(phrasebook()))
    assert judged(TALK, 60.0, HEARD, book=again) == found


def timed(low, high):
    return st.tuples(st.integers(0, 500), st.integers(low, high)).map(
        lambda at: (at[0] / 10, (at[0] + at[1]) / 10))


def lane(who):
    text = st.sampled_from(['one moment please', 'Okay.', 'Goodbye.', 'I have lost my card',
                            'Is there anything else I can help you with?'])
    return st.lists(st.tuples(timed(2, 60), text), max_size=8).map(
        lambda rows: [(who, *span, rows[i % len(rows)][1])
                      for i, span in enumerate(union(span for span, _ in rows))])


sounds = st.lists(st.tuples(st.sampled_from([
    ('ring', 'ringback'), ('ivr', 'announcement'), ('hold', 'music'), ('hold', 'zero'),
    ('tone', 'busy'), ('speech', 'bleed')]), timed(2, 200),
    st.sampled_from([AGENT, CALLER])), max_size=7)


@given(lane(AGENT), lane(CALLER), sounds, st.booleans(),
       st.sampled_from(['provided', 'pocketsphinx', 'none']))
@settings(max_examples=200, deadline=None)
def test_a_call_judged_again_from_its_own_events_is_judged_the_same(agent, caller, heard, told,
                                                                   transcriber):
    call = call_of(60.0, transcriber=transcriber,
                   transcript_trust='none' if transcriber == 'none' else 'ok',
                   manifest='{"holds": [{"start_s": 3.0, "end_s": 9.5}]}' if told else '{}')
    turns, words, speech = perceived_of(agent + caller, call)
    given_ = (*speech, *(event(*what, *span, who) for what, span, who in heard))
    first = assess(call, turns, words, given_, default_standard(), phrasebook())
    assert assess(call, turns, words, first.events, default_standard(), phrasebook()) == first
    stored = [e for e in first.events if e.kind in ('speech', 'ring', 'ivr', 'tone')
              or (e.kind == 'hold' and e.label in ('music', 'zero'))]
    assert assess(call, turns, words, stored, default_standard(), phrasebook()) == first


def test_another_standard_judges_what_was_heard_not_what_was_judged():
    given_ = default_standard()
    strict = dataclasses.replace(given_, hold=dataclasses.replace(given_.hold, join_gap_s=2.0))
    call = call_of(60.0)
    turns, words, speech = perceived_of(TALK, call)
    direct = assess(call, turns, words, (*speech, *HEARD), strict, phrasebook())
    default = assess(call, turns, words, (*speech, *HEARD), given_, phrasebook())
    assert assess(call, turns, words, default.events, strict, phrasebook()) == direct
    assert (default.kpis[0].hold_count, direct.kpis[0].hold_count) == (1, 2)
