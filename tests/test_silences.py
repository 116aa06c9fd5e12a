from datetime import datetime, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls_for_tests import event, judged, kpis_of
from transforms.intervals import union
from transforms.silences import CLASSES
from warehouse.records import AGENT, CALLER

PARTS = ('agent_only_s', 'caller_only_s', 'overlap_s', 'gap_s', 'pause_s', 'ring_s', 'ivr_s',
         'dead_air_s', 'hold_total_s')
TALK = [(AGENT, 2.0, 4.0, 'How can I help you?'), (CALLER, 5.0, 8.0, 'I lost my card today'),
        (CALLER, 8.5, 9.0, 'in York'), (AGENT, 14.0, 16.0, 'I am sorry to hear that.')]


def silences(said, *args, **given):
    return [(e.label, e.start_s, e.end_s) for e in judged(said, *args, **given).events
            if e.kind == 'silence']


def test_gap_pause_and_dead_air_are_told_apart():
    kpis = kpis_of(TALK, 20.0)
    assert kpis.gap_s == pytest.approx(1.0)
    assert kpis.pause_s == pytest.approx(2.0 + 0.5 + 4.0)  # leading, within the turn, trailing
    assert (kpis.dead_air_s, kpis.dead_air_count) == (pytest.approx(5.0), 1)
    assert kpis.longest_silence_s == pytest.approx(5.0)
    assert kpis.trailing_silence_s == pytest.approx(4.0)


def test_silences_of_two_seconds_are_events_and_dead_air_is_one_too():
    assert silences(TALK, 20.0) == [('leading', 0.0, 2.0), ('gap', 9.0, 14.0),
                                    ('trailing', 16.0, 20.0)]
    (dead,) = [e for e in judged(TALK, 20.0).events if e.kind == 'dead_air']
    assert (dead.start_s, dead.end_s) == (9.0, 14.0)


@pytest.mark.parametrize('length, dead', [(3.99, 0), (4.01, 1)])
def test_dead_air_begins_at_four_seconds(length, dead):
    said = [(AGENT, 0, 2, 'let us see'), (AGENT, 2 + length, 9, 'there it is then')]
    assert kpis_of(said, 10.0).dead_air_count == dead


def test_silence_before_the_first_and_after_the_last_word_is_never_dead_air():
    kpis = kpis_of([(AGENT, 10.0, 12.0, 'Good morning')], 30.0)
    assert (kpis.dead_air_count, kpis.dead_air_s) == (0, 0.0)
    assert kpis.trailing_silence_s == pytest.approx(18.0)
    assert kpis.longest_silence_s == 0.0


def test_silence_between_the_answer_and_the_first_word_is_dead_air():
    manifest = '{"answered_at": "2026-03-02T10:00:03+00:00"}'
    kpis = kpis_of([(AGENT, 9.0, 12.0, 'Good morning')], 13.0, manifest=manifest,
                   started_at=datetime(2026, 3, 2, 10, tzinfo=timezone.utc))
    assert kpis.dead_air_s == pytest.approx(6.0)
    assert kpis.pause_s == pytest.approx(4.0)


def test_a_listening_signal_does_not_change_the_speaker():
    said = [(CALLER, 0, 4, 'I have waited for such a long time now'), (AGENT, 4.2, 4.5, 'mhm'),
            (CALLER, 4.8, 9, 'and nobody of you ever called me back')]
    kpis = kpis_of(said, 9.0)
    assert kpis.gap_s == 0.0
    assert kpis.pause_s == pytest.approx(0.5)


def test_the_pauses_of_ringing_are_ringing():
    rings = tuple(event('ring', 'ringback', at, at + 1.0) for at in (1.0, 6.0))
    kpis = kpis_of([(AGENT, 9.0, 12.0, 'Good morning')], 12.0, rings)
    assert kpis.ring_s == pytest.approx(8.0)
    assert kpis.pause_s == pytest.approx(1.0)


def test_a_hold_and_an_announcement_are_neither_speech_nor_silence():
    said = [(AGENT, 0, 3, 'please hold the line'), (CALLER, 5, 6, 'hello there'),
            (AGENT, 30, 32, 'thank you for waiting')]
    kpis = kpis_of(said, 32.0, (event('hold', 'music', 4.0, 29.0),
                                event('ivr', 'announcement', 15.0, 18.0)))
    assert kpis.hold_total_s == pytest.approx(25.0)
    assert kpis.ivr_s == kpis.caller_only_s == kpis.dead_air_s == 0.0
    assert kpis.caller_talk_s == 0.0


def test_a_silent_recording_sums_too_and_claims_nothing():
    found = judged([], 10.0, transcript_trust='none', transcriber='none', lane_source=None)
    kpis = found.kpis[0]
    assert kpis.pause_s == 10.0
    assert sum(getattr(kpis, name) for name in PARTS) == 10.0
    assert kpis.dead_air_count is kpis.agent_talk_s is kpis.hold_count is None
    why = {f.rule_id: f.why for f in found.findings}
    assert why['kpi.agent_talk_s'] == 'nobody speaks in the recording'


def timed(low, high):
    return st.tuples(st.integers(0, 600), st.integers(low, high)).map(
        lambda at: (at[0] / 10, (at[0] + at[1]) / 10))


def lane(who):
    return st.lists(timed(1, 60), max_size=10).map(
        lambda spans: [(who, a, b, 'one moment please hold') for a, b in union(spans)])


sounds = st.lists(st.tuples(st.sampled_from([('ring', 'ringback'), ('ivr', 'announcement'),
                                             ('hold', 'music'), ('hold', 'zero'),
                                             ('tone', 'busy')]), timed(2, 200)), max_size=5)


@given(lane(AGENT), lane(CALLER), sounds, st.integers(1, 800), st.booleans(), st.booleans())
@settings(max_examples=300, deadline=None)
def test_the_classes_are_disjoint_and_sum_to_the_recording(agent, caller, heard, tenths, known,
                                                           told):
    manifest = '{"holds": [{"start_s": 3.0, "end_s": 9.5}]}' if told else '{}'
    found = judged(agent + caller, tenths / 10,
                   tuple(event(*what, *span) for what, span in heard), manifest=manifest,
                   transcript_trust='ok' if known else 'low')
    kpis = found.kpis[0]
    parts = [getattr(kpis, name) for name in PARTS]
    assert len(parts) == len(CLASSES)
    assert all(part >= 0.0 for part in parts)
    assert sum(parts) == pytest.approx(tenths / 10, abs=1e-9)
    if kpis.agent_talk_s is not None:
        assert kpis.agent_talk_s == pytest.approx(kpis.agent_only_s + kpis.overlap_s)
        assert kpis.caller_talk_s == pytest.approx(kpis.caller_only_s + kpis.overlap_s)
