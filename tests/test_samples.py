"""The sample calls: manifest, truth and recordings agree, and every promised case is there."""

import csv
import json
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest

SAMPLES = Path(__file__).resolve().parent.parent / 'samples'
BROKEN = SAMPLES / 'broken'
RECORDINGS = {'.flac', '.wav', '.ogg', '.webm', '.m4a', '.mp3'}
INTERRUPTIONS = {'interruption_taken', 'interruption_failed'}


def rows(folder=SAMPLES):
    with (folder / 'manifest.csv').open(newline='') as file:
        return list(csv.DictReader(file))


TRUTH = json.loads((SAMPLES / 'truth.json').read_text())
ROWS = {row['call_id']: row for row in rows()}
SPOKEN = [call_id for call_id, truth in TRUTH.items() if not truth['silent']]


def files_of(row):
    return [SAMPLES / row[column] for column in ('audio_uri', 'agent_audio_uri', 'caller_audio_uri')
            if row[column]]


def read(path):
    """Channels by samples in [-1, 1), and the rate."""
    blocks = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        rate, channels = stream.rate, stream.layout.nb_channels
        resampler = av.AudioResampler('s16', stream.layout, rate)
        for frame in container.decode(stream):
            blocks += [out.to_ndarray().reshape(-1, channels) for out in resampler.resample(frame)]
    return np.concatenate(blocks).T / 32768, rate


def dbfs(samples):
    return 20 * np.log10(np.sqrt(np.mean(samples ** 2)) + 1e-9)


def lanes_of(call_id):
    """The agent's and the caller's samples, and the rate."""
    audio = [read(path) for path in files_of(ROWS[call_id])]
    channels, rate = np.concatenate([samples for samples, _ in audio]), audio[0][1]
    agent = TRUTH[call_id]['agent_channel'] or 0
    return {'agent': channels[agent], 'caller': channels[-1 - agent]}, rate


def said(truth):
    return truth['turns'] + truth['backchannels']


def overlap_classes(truth):
    return {overlap['class'] for overlap in truth['overlaps']}


def test_manifest_and_truth_name_the_same_calls():
    assert list(ROWS) == list(TRUTH)
    assert len(ROWS) >= 10


def test_every_recording_belongs_to_a_call():
    named = [path for row in ROWS.values() for path in files_of(row)]
    assert sorted(named) == sorted(p for p in SAMPLES.iterdir() if p.suffix in RECORDINGS)


def test_everything_together_takes_at_most_8_mb():
    assert sum(p.stat().st_size for p in SAMPLES.rglob('*')
               if p.is_file() and p.suffix != '.pyc') <= 8_000_000


def test_the_whole_batch_is_at_most_nine_minutes_long():
    assert sum(truth['duration_s'] for truth in TRUTH.values()) <= 540


@pytest.mark.parametrize('call_id', TRUTH)
def test_the_recording_is_as_long_and_as_fast_as_truth_says(call_id):
    truth = TRUTH[call_id]
    for path in files_of(ROWS[call_id]):
        samples, rate = read(path)
        assert rate == truth['sample_rate_hz']
        assert samples.shape[1] / rate == pytest.approx(truth['duration_s'], abs=0.15)
        assert np.abs(samples).max() < 0.99  # nothing clips


@pytest.mark.parametrize('call_id', SPOKEN)
def test_each_turn_is_heard_where_truth_says_and_its_party_is_quiet_elsewhere(call_id):
    truth = TRUTH[call_id]
    if truth['mono']:
        pytest.skip('both parties are in one channel')
    lanes, rate = lanes_of(call_id)
    for speaker, lane in lanes.items():
        busy = np.zeros(len(lane), bool)
        for turn in said(truth):
            if turn['speaker'] == speaker:
                span = slice(round(turn['start_s'] * rate), round(turn['end_s'] * rate))
                assert dbfs(lane[span]) > -35
                busy[span.start - round(0.02 * rate):span.stop + round(0.02 * rate)] = True
        for start_s, end_s in sounding(truth):
            busy[max(0, round((start_s - 0.05) * rate)):round((end_s + 0.1) * rate)] = True
        assert dbfs(lane[~busy]) < -50


def sounding(truth):
    """Where music and ringing may be."""
    yield from ((hold['start_s'], hold['end_s']) for hold in truth['holds'])
    if truth['ring']['onsets_s']:
        yield 0.0, truth['turns'][0]['start_s'] - 0.1


@pytest.mark.parametrize('call_id', SPOKEN)
def test_no_lane_is_ever_digital_zero(call_id):
    lanes, rate = lanes_of(call_id)
    for lane in lanes.values():
        quietest = np.lib.stride_tricks.sliding_window_view(np.abs(lane), rate // 4)[::rate // 8]
        assert quietest.max(axis=1).min() > 0


@pytest.mark.parametrize('call_id', SPOKEN)
def test_spans_of_truth_lie_inside_the_recording_in_order(call_id):
    truth = TRUTH[call_id]
    for name in ('turns', 'backchannels', 'holds', 'overlaps', 'dead_air'):
        spans = [(span['start_s'], span['end_s']) for span in truth[name]]
        assert spans == sorted(spans)
        assert all(0 <= start < end <= truth['duration_s'] for start, end in spans)


@pytest.mark.parametrize('call_id', TRUTH)
def test_overlaps_are_exactly_where_both_parties_speak(call_id):
    truth = TRUTH[call_id]
    both = []
    for agent in said(truth):
        for caller in said(truth):
            start = max(agent['start_s'], caller['start_s'])
            end = min(agent['end_s'], caller['end_s'])
            if (agent['speaker'], caller['speaker']) == ('agent', 'caller') and end > start:
                both.append((pytest.approx(start, abs=0.002), pytest.approx(end, abs=0.002)))
    assert sorted((o['start_s'], o['end_s']) for o in truth['overlaps']) == both


@pytest.mark.parametrize('call_id', TRUTH)
def test_no_overlap_is_of_a_doubtful_class(call_id):
    truth = TRUTH[call_id]
    for overlap in truth['overlaps']:
        start, end, by = overlap['start_s'], overlap['end_s'], overlap['by']
        mine = next(s for s in said(truth) if s['speaker'] == by and s['start_s'] == start)
        other = next(t for t in truth['turns'] if t['speaker'] != by
                     and t['start_s'] < start < t['end_s'])
        if overlap['class'] == 'backchannel':
            assert mine in truth['backchannels']
            assert end - start < 0.6
            assert other['end_s'] - end >= 1.2
            assert all(s is mine or s['speaker'] != by or s['end_s'] < start - 0.5
                       or s['start_s'] > end + 0.5 for s in said(truth))
        elif overlap['class'] == 'terminal':
            assert end - start <= 0.25
            assert other['text'][-1] in '.?'
        else:
            assert 0.7 <= end - start <= 2
            assert start - other['start_s'] >= 1
            taken = overlap['class'] == 'interruption_taken'
            assert (mine if taken else other)['end_s'] - end >= 1.5
            assert (other['text'][-1] not in '.?') == taken


@pytest.mark.parametrize('call_id', TRUTH)
def test_counts_follow_from_the_events(call_id):
    truth = TRUTH[call_id]
    for who in ('agent', 'caller'):
        of = [overlap['class'] for overlap in truth['overlaps'] if overlap['by'] == who]
        assert truth[f'{who}_interruptions'] == sum(kind in INTERRUPTIONS for kind in of)
        assert truth[f'{who}_backchannels'] == of.count('backchannel')
    ring = truth['ring']
    assert (ring['count'] or 0) == len(ring['onsets_s'])
    if ring['source'] == 'audio':
        answer_s = min(t['start_s'] for t in truth['turns'] if t['speaker'] == 'agent')
        assert ring['to_answer_s'] == pytest.approx(answer_s - ring['onsets_s'][0], abs=0.002)
    assert truth['signoff_order'] == (
        None if truth['silent'] else ','.join(dict.fromkeys(a['act'] for a in truth['closing'])))


@pytest.mark.parametrize('call_id', SPOKEN)
def test_dead_air_and_announced_holds_are_the_silence_between_two_words(call_id):
    truth = TRUTH[call_id]
    silences = truth['dead_air'] + [h for h in truth['holds'] if h['label'] == 'announced']
    for silence in silences:
        assert any(t['end_s'] == pytest.approx(silence['start_s'], abs=0.002)
                   for t in truth['turns'])
        assert any(t['start_s'] == pytest.approx(silence['end_s'], abs=0.002)
                   and t['speaker'] == 'agent' for t in truth['turns'])
    assert all(span['end_s'] - span['start_s'] >= 4 for span in truth['dead_air'])
    assert all(span['end_s'] - span['start_s'] >= 5 for span in truth['holds'])


def test_silences_that_no_truth_names_are_short():
    for call_id in SPOKEN:
        truth = TRUTH[call_id]
        named = [*truth['dead_air'], *truth['holds']]
        sounds = sorted((s['start_s'], s['end_s']) for s in [*said(truth), *named])
        heard_until = sounds[0][1]
        for start, end in sounds[1:]:
            assert start - heard_until < 1.5, call_id
            heard_until = max(heard_until, end)


def test_there_are_two_channel_mono_and_paired_recordings_at_both_rates():
    shapes = set()
    for call_id, truth in TRUTH.items():
        paths = files_of(ROWS[call_id])
        shapes.add((len(paths), len(read(paths[0])[0]), truth['sample_rate_hz']))
    assert {(1, 2, 16000), (1, 2, 8000), (1, 1, 16000), (1, 1, 8000), (2, 1, 16000)} <= shapes


def test_mu_law_calls_have_the_agent_on_channel_1_and_say_so():
    swapped = [row for row in ROWS.values() if row['agent_channel'] == '1']
    assert len(swapped) >= 2
    for row in swapped:
        assert TRUTH[row['call_id']]['agent_channel'] == 1
        with av.open(str(SAMPLES / row['audio_uri'])) as container:
            assert container.streams.audio[0].codec_context.name == 'pcm_mulaw'


def test_one_wideband_call_has_the_agent_on_channel_1_and_does_not_say_so():
    silent_about_it = [c for c, t in TRUTH.items() if t['agent_channel'] == 1
                       and not ROWS[c]['agent_channel']]
    assert [TRUTH[c]['sample_rate_hz'] for c in silent_about_it] == [16000]


def test_what_the_manifest_says_of_the_agents_channel_is_true():
    for call_id, row in ROWS.items():
        if row['agent_channel']:
            assert int(row['agent_channel']) == TRUTH[call_id]['agent_channel']


def test_ringing_is_of_many_countries_in_either_lane_and_of_one_to_six_rings():
    rings = [truth['ring'] for truth in TRUTH.values() if truth['ring']['country']]
    assert len({ring['country'] for ring in rings}) >= 5
    assert {1, 2, 3, 4, 6} <= {ring['count'] for ring in rings}
    assert {('agent',), ('caller',), ('agent', 'caller')} == {tuple(r['lanes']) for r in rings}


def test_each_way_to_know_or_not_know_the_ring_time_is_there():
    assert {truth['ring']['source'] for truth in TRUTH.values()} == {
        'audio', 'audio_partial', 'metadata', None}
    for call_id, row in ROWS.items():
        said_at = [datetime.fromisoformat(row[name]) for name in ('ringing_at', 'answered_at')
                   if row[name]]
        assert (len(said_at) == 2) == (TRUTH[call_id]['ring']['source'] == 'metadata')
        if said_at:
            assert (said_at[1] - said_at[0]).total_seconds() == TRUTH[call_id]['ring'][
                'to_answer_s']


def test_holds_are_with_music_announced_and_two_in_one_call():
    labels = [tuple(hold['label'] for hold in truth['holds']) for truth in TRUTH.values()]
    assert {('music',), ('announced',), ('announced', 'music')} <= set(labels)
    assert any(truth['dead_air'] for truth in TRUTH.values())


def test_announced_silent_holds_are_on_wideband_calls():
    assert all(truth['sample_rate_hz'] >= 16000 for truth in TRUTH.values()
               if any(hold['label'] == 'announced' for hold in truth['holds']))


def test_each_kind_of_overlap_is_there_and_from_both_sides():
    seen = {(overlap['by'], overlap['class']) for truth in TRUTH.values()
            for overlap in truth['overlaps']}
    assert {(who, kind) for who in ('agent', 'caller')
            for kind in ('backchannel', *INTERRUPTIONS)} <= seen
    assert any(overlap_classes(truth) == {'terminal'} for truth in TRUTH.values())


def test_mono_calls_have_no_overlap():
    assert not any(truth['overlaps'] for truth in TRUTH.values() if truth['mono'])


def test_each_outcome_of_the_sign_off_is_there():
    assert {TRUTH[call_id]['signoff_spoken'] for call_id in SPOKEN} == {
        'in_order', 'out_of_order', 'partial', 'missing'}


def test_three_voices_at_least_and_never_one_for_both_parties():
    voices = [TRUTH[call_id]['voices'] for call_id in SPOKEN]
    assert len({voice for pair in voices for voice in pair.values()}) >= 3
    assert all(pair['agent'] != pair['caller'] for pair in voices)


def test_the_transcript_beside_a_recording_holds_the_words_of_its_truth():
    beside = [(c, row['transcript_uri']) for c, row in ROWS.items() if row['transcript_uri']]
    assert beside
    for call_id, name in beside:
        segments = json.loads((SAMPLES / name).read_text())['segments']
        turns = sorted(said(TRUTH[call_id]), key=lambda turn: turn['start_s'])
        assert [(s['speaker'], s['start'], s['end'], s['text']) for s in segments] == [
            (t['speaker'], t['start_s'], t['end_s'], t['text']) for t in turns]
        for segment in segments:
            assert ' '.join(word['word'] for word in segment['words']) == segment['text']
            times = [time for word in segment['words'] for time in (word['start'], word['end'])]
            assert times == sorted(times)
            assert segment['start'] <= times[0] <= times[-1] <= segment['end']


def test_the_table_of_the_readme_names_each_call():
    table = (SAMPLES / 'README.md').read_text()
    assert [line.split(' | ')[0][2:] for line in table.splitlines()
            if line.startswith('| ') and line.split(' | ')[0][2:] in TRUTH] == list(TRUTH)


def test_broken_rows_are_all_but_one_expected_to_be_refused():
    expected = json.loads((BROKEN / 'expected.json').read_text())
    broken = rows(BROKEN)
    assert {str(n): row['call_id'] for n, row in enumerate(broken, 1) if n > 1} == {
        n: reject['call_id'] for n, reject in expected['rejects'].items()}
    assert expected['published'] == [broken[0]['call_id']]
    assert set(expected['unknown_columns']) <= set(broken[0])


def test_broken_recordings_have_the_fault_they_are_there_for():
    assert (BROKEN / 'empty.wav').stat().st_size == 0
    assert b'RIFF' not in (BROKEN / 'text.wav').read_bytes()
    assert not (BROKEN / 'missing.wav').exists()
    assert len(read(BROKEN / 'three-channels.wav')[0]) == 3
    said_bytes = int.from_bytes((BROKEN / 'truncated-wav.wav').read_bytes()[40:44], 'little')
    assert said_bytes > (BROKEN / 'truncated-wav.wav').stat().st_size
    data = (BROKEN / 'nan.wav').read_bytes()[44:]
    assert np.isnan(np.frombuffer(data, '<f4')).sum() == 1
    with av.open(str(BROKEN / 'truncated-flac.flac')) as container:
        assert container.duration / av.time_base == 10.0  # as its header says
