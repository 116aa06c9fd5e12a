"""The whole way on the sample recordings, with the default settings, against their truth."""

import json
from pathlib import Path

import pytest

from tests.conftest import SAMPLES, etiquette, rows
from transforms.intervals import intersect, subtract, total, union

TRUTH = json.loads((SAMPLES / 'truth.json').read_text())
HEARD = [call for call, true in TRUTH.items() if not true['silent']]
STEREO = [call for call in HEARD if not TRUTH[call]['mono']]
WIDE = [call for call in STEREO if TRUTH[call]['sample_rate_hz'] >= 16000]
PROVIDED = [path.stem for path in SAMPLES.glob('*.json') if path.stem in TRUTH]


@pytest.fixture(scope='module')
def kpis(sample_run):
    root, _ = sample_run
    return {row['call_id']: row for row in rows(
        root, 'SELECT * FROM kpis JOIN (SELECT call_id, * EXCLUDE (call_id, call_date, agent_id, '
              'queue, hung_up_by) FROM calls) USING (call_id)')}


@pytest.fixture(scope='module')
def events(sample_run):
    root, _ = sample_run
    return rows(root, 'SELECT * FROM events ORDER BY call_id, event')


def test_every_sample_call_is_published(sample_run, kpis):
    root, ran = sample_run
    assert ran.code == 0, ran.err
    (run, *_) = rows(root, 'SELECT * FROM runs ORDER BY started_at')
    assert run['calls_published'] == run['calls_in'] == len(TRUTH)
    assert run['calls_skipped'] == run['calls_rejected'] == 0
    assert set(kpis) == set(TRUTH)


@pytest.mark.parametrize('call', STEREO)
def test_ring_to_answer_is_right_within_three_tenths_and_the_rings_are_counted(kpis, call):
    ring, heard = TRUTH[call]['ring'], kpis[call]
    assert heard['ring_source'] == ring['source']
    if ring['source'] == 'audio':
        assert heard['ring_to_answer_s'] == pytest.approx(ring['to_answer_s'], abs=0.3)
    if ring['source'] in ('audio', 'audio_partial'):
        assert heard['ring_count'] == ring['count']
    if ring['source'] is None:
        assert heard['ring_to_answer_s'] is heard['ring_count'] is None


@pytest.mark.parametrize('call', STEREO)
def test_holds_are_counted_and_their_length_is_right(kpis, call):
    # A silent hold is known by the words that announce it, and those need wideband audio.
    holds = [hold for hold in TRUTH[call]['holds']
             if call in WIDE or call in PROVIDED or hold['label'] != 'announced']
    assert kpis[call]['hold_count'] == len(holds)
    assert kpis[call]['hold_total_s'] == pytest.approx(
        sum(hold['end_s'] - hold['start_s'] for hold in holds), abs=1.5)


@pytest.mark.parametrize('call', STEREO)
def test_interruptions_are_counted_exactly_in_each_direction(kpis, call):
    true, heard = TRUTH[call], kpis[call]
    assert heard['agent_interruptions'] == true['agent_interruptions']
    assert heard['caller_interruptions'] == true['caller_interruptions']


@pytest.mark.parametrize('call', STEREO)
def test_no_backchannel_and_no_polite_turn_change_is_counted_as_an_interruption(events, call):
    polite = [overlap for overlap in TRUTH[call]['overlaps']
              if overlap['class'] in ('backchannel', 'terminal')]
    cut_in = [event for event in events if event['call_id'] == call and event['kind'] == 'overlap'
              and event['label'] in ('interruption_taken', 'interruption_failed', 'contested')]
    for overlap in polite:
        assert not [event for event in cut_in if event['start_s'] < overlap['end_s']
                    and overlap['start_s'] < event['end_s']]


@pytest.mark.parametrize('call', [*WIDE, *PROVIDED])
def test_the_order_of_the_sign_off_is_heard_on_wideband_calls(kpis, call):
    assert kpis[call]['signoff_order'] == TRUTH[call]['signoff_order']


@pytest.mark.parametrize('call', [c for c in HEARD if TRUTH[c]['sample_rate_hz'] == 8000
                                  and c not in PROVIDED])
def test_narrowband_words_of_the_embedded_engine_are_not_believed(kpis, call):
    heard = kpis[call]
    assert heard['transcript_trust'] == 'low'
    assert heard['signoff_spoken'] == heard['signoff_status'] == 'unknown'
    assert heard['signoff_order'] is None


@pytest.mark.parametrize('call', HEARD)
def test_agent_and_caller_are_told_apart(sample_run, kpis, call):
    root, _ = sample_run
    speech = rows(root, f"SELECT speaker, start_s, end_s FROM events WHERE call_id = '{call}' "
                        "AND kind = 'speech' AND label IS DISTINCT FROM 'bleed'")
    said = {who: union((turn['start_s'], turn['end_s']) for turn in TRUTH[call]['turns']
                       if turn['speaker'] == who) for who in ('agent', 'caller')}
    heard = {who: union((span['start_s'], span['end_s']) for span in speech
                        if span['speaker'] == who) for who in ('agent', 'caller')}
    for who, other in (('agent', 'caller'), ('caller', 'agent')):
        alone = subtract(said[who], said[other])
        assert total(intersect(alone, heard[who])) > 0.7 * total(alone)
        assert total(intersect(alone, heard[other])) < 0.1 * total(alone)


def test_a_silent_recording_is_published_with_nothing_claimed(kpis):
    (silent,) = (kpis[call] for call, true in TRUTH.items() if true['silent'])
    assert silent['transcript_trust'] == 'none'
    assert silent['agent_talk_s'] in (None, 0.0)
    assert silent['ring_to_answer_s'] is None
    assert silent['agent_talk_ratio'] is None


@pytest.mark.parametrize('call', sorted(TRUTH))
def test_the_exclusive_classes_sum_to_the_recording(kpis, call):
    heard = kpis[call]
    parts = ('agent_only_s', 'caller_only_s', 'overlap_s', 'gap_s', 'pause_s', 'ring_s', 'ivr_s',
             'dead_air_s', 'hold_total_s')
    assert sum(heard[part] or 0.0 for part in parts) == pytest.approx(heard['duration_s'], abs=0.01)


def test_every_figure_that_is_not_known_has_a_reason(sample_run):
    root, _ = sample_run
    why = {(row['call_id'], row['rule_id']): row['why'] for row in rows(
        root, "SELECT call_id, rule_id, why FROM findings WHERE result = 'unknown'")}
    for row in rows(root, 'SELECT * FROM kpis'):
        for name in ('ring_to_answer_s', 'agent_interruptions', 'signoff_order',
                     'agent_speech_rate', 'agent_reply_median_s'):
            if row[name] is None:
                assert why.get((row['call_id'], f'kpi.{name}')), (row['call_id'], name)


def test_the_same_batch_again_processes_nothing_and_says_so(sample_run):
    root, _ = sample_run
    before = rows(root, 'SELECT * FROM calls ORDER BY call_id')
    ran = etiquette('run', SAMPLES / 'manifest.csv', '--warehouse', root)
    assert ran.code == 0
    assert f'{len(TRUTH)} calls in = 0 published + {len(TRUTH)} skipped + 0 rejected' in ran.out
    assert rows(root, 'SELECT * FROM calls ORDER BY call_id') == before


def test_a_call_is_explained_with_its_timeline_and_words(sample_run):
    root, _ = sample_run
    call = next(call for call in WIDE if TRUTH[call]['holds'])
    ran = etiquette('call', call, '--warehouse', root)
    assert ran.code == 0, ran.err
    for part in (call, 'agent   ', 'caller  ', '█', '♪ hold', 'transcript', 'signoff_order'):
        assert part in ran.out


def test_a_call_that_is_not_there_is_named_with_the_nearest_ones(sample_run):
    root, _ = sample_run
    call = sorted(TRUTH)[0]
    ran = etiquette('call', call[:-1], '--warehouse', root)
    assert (ran.code, ran.out) == (2, '')
    assert call in ran.err


def test_nothing_of_a_run_stays_in_the_landing(sample_run):
    root, _ = sample_run
    assert [p for p in Path(root, 'landing').rglob('*') if p.is_file()] == []
