import json
from datetime import datetime, timezone

import pytest

from tests.calls_for_tests import event, judged, kpis_of
from warehouse.records import AGENT, CALLER

HELLO = [(AGENT, 9.4, 12.0, 'Good morning, how can I help you?')]
START = datetime(2026, 3, 2, 10, 0, 0, tzinfo=timezone.utc)


def rings(*onsets, length=1.0, label='ringback'):
    return tuple(event('ring', label, at, at + length) for at in onsets)


def columns(kpis):
    return kpis.ring_to_answer_s, kpis.ring_count, kpis.ring_source, kpis.ring_at_least_s


def why(found):
    return {finding.rule_id[len('kpi.'):]: finding.why for finding in found.findings}


def test_ringing_lasts_from_the_first_ring_to_the_first_word_of_the_agent():
    kpis = kpis_of(HELLO, 20.0, rings(0.5, 6.5))
    assert columns(kpis) == (pytest.approx(8.9), 2, 'audio', None)


def test_a_ring_cut_by_the_answer_still_counts():
    assert kpis_of(HELLO, 20.0, rings(1.4, 5.4, length=2.0) + rings(8.4)).ring_count == 3


def test_the_phone_system_is_believed_before_the_audio():
    manifest = json.dumps({'ringing_at': '2026-03-02T09:59:51+00:00',
                           'answered_at': '2026-03-02T10:00:00+00:00'})
    found = judged(HELLO, 20.0, rings(0.5, 6.5), manifest=manifest, started_at=START)
    assert columns(found.kpis[0]) == (9.0, None, 'metadata', None)
    assert 'how often' in why(found)['ring_count']


def test_a_recording_that_starts_at_the_answer_has_no_ring_time_and_never_zero():
    found = judged(HELLO, 20.0)
    assert columns(found.kpis[0]) == (None, None, None, None)
    assert why(found)['ring_to_answer_s'].startswith('no ringing')


@pytest.mark.parametrize('heard', [rings(0.0, 4.0), rings(0.4, 4.0, label='ringback_partial')])
def test_a_recording_that_starts_inside_ringing_gives_a_lower_bound(heard):
    found = judged(HELLO, 20.0, heard)
    assert columns(found.kpis[0]) == (None, 2, 'audio_partial',
                                      pytest.approx(9.4 - heard[0].start_s))
    assert 'starts inside ringing' in why(found)['ring_to_answer_s']


def test_a_call_that_nobody_answers_has_rings_but_no_answer():
    found = judged([], 20.0, rings(0.5, 6.5), transcript_trust='none')
    assert columns(found.kpis[0]) == (None, 2, 'audio', None)
    assert found.kpis[0].ring_s == pytest.approx(7.0)
    assert why(found)['ring_to_answer_s'] == 'nobody answered'


def test_rings_after_the_answer_are_those_of_a_transfer():
    found = judged(HELLO, 30.0, rings(0.5, 15.0))
    assert found.kpis[0].ring_count == 1
    assert [(e.kind, e.label, e.start_s) for e in found.events if e.kind in ('ring', 'tone')] == [
        ('ring', 'ringback', 0.5), ('tone', 'transfer_ring', 15.0)]


def test_a_click_between_two_rings_is_no_answer_and_an_announcement_neither():
    said = [(AGENT, 4.0, 4.1, 'uh'), *HELLO]
    assert columns(kpis_of(said, 20.0, rings(0.5, 6.5)))[:2] == (pytest.approx(8.9), 2)
    announced = [(AGENT, 3.0, 6.0, 'your call may be recorded'), *HELLO]
    kpis = kpis_of(announced, 20.0, (*rings(0.5), event('ivr', 'announcement', 2.9, 6.1)))
    assert kpis.ring_to_answer_s == pytest.approx(8.9)
    assert kpis.ivr_s == pytest.approx(3.2)


def test_an_answer_ends_the_ringing_so_talk_that_it_rings_on_through_is_none():
    said = [(AGENT, 2.0, 4.5, 'just a moment, I am on the line'), *HELLO]
    kpis = kpis_of(said, 20.0, rings(0.5, 5.0, 9.0))
    assert columns(kpis) == (pytest.approx(8.9), 3, 'audio', None)


def test_the_agents_first_speech_ends_the_ringing_on_outbound_calls_too():
    said = [(CALLER, 5.0, 5.5, 'Hello?'), (AGENT, 6.0, 9.0, 'Good morning, this is Maria.')]
    assert kpis_of(said, 20.0, rings(1.0), direction='outbound').ring_to_answer_s == 5.0
    assert kpis_of(said, 20.0, rings(1.0)).ring_to_answer_s == 5.0
