"""What the tests and the bench may believe of a simulated call."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator import Call, Knobs, Script, Truth, clean, draw, render
from tests.simulator.__main__ import main
from tests.simulator.bank import RATE, samples_of, voices
from tests.simulator.draw import CHOICES
from tests.simulator.overlaps import REACTION
from tests.simulator.render import clean_lanes
from tests.simulator.script import AGENT, CALLER, CODECS, HOLDS, OVERLAPS
from tests.simulator.truth import truth_of
from transforms.conversation import Reference
from transforms.decode import DecodeOptions, decode
from transforms.transcribe.transcripts import read_transcript

PARTIES = (AGENT, CALLER)
FITTED = range(100)  # the seeds that thresholds are fitted on
seeds = st.integers(0, 999)
DECODE = DecodeOptions(
    max_duration_s=14400, min_rate_hz=4000, max_rate_hz=192000, short_share=0.01,
    codec_delay_s=0.05, max_hole_s=0.1, containers=('wav', 'ogg', 'mp3', 'gsm'))
BARE = {'exchanges': 2, 'holds': 0, 'dead_air': 0, 'ring_count': 1, 'ring_starts_mid': False,
        'ivr': 'none', 'beeps': False, 'dtmf': False, 'transfer': False}


@cache
def fitted() -> tuple[tuple[Script, Truth], ...]:
    scripts = [draw(seed) for seed in FITTED]
    return tuple((script, truth_of(script)) for script in scripts)


@cache
def bare_call(**knobs: object) -> Call:
    return render(draw(3, clean(**{**BARE, **knobs})))


def rms_db(samples: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def window(lane: np.ndarray, start_s: float, end_s: float, rate: int = RATE) -> np.ndarray:
    return lane[round(start_s * rate):round(end_s * rate)]


@pytest.mark.parametrize('codec', ['pcm_mulaw', 'opus'])
def test_a_seed_gives_the_same_samples_each_time(codec):
    knobs = Knobs(**{**BARE, 'codec': codec, 'exchanges': 1})
    first, again = render(draw(5, knobs)), render(draw(5, knobs))
    assert np.array_equal(first.audio.samples, again.audio.samples)
    assert first.truth == again.truth
    assert draw(6, knobs).utterances != first.script.utterances


@given(seeds)
@settings(max_examples=10, deadline=None)
def test_the_line_changes_nothing_of_what_is_said(seed):
    here = draw(seed, Knobs(codec='gsm', snr_db=5.0))
    there = draw(seed, clean(music_under_talk=None))
    assert here.utterances == there.utterances
    assert here.holds == there.holds
    assert here.overlaps == there.overlaps


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_everything_that_is_true_of_a_call_lies_inside_it(seed):
    script = draw(seed)
    truth = truth_of(script)
    spans = [span[-2:] for span in (*truth.ivr, *truth.dead_air, *truth.beeps, *truth.keys)]
    spans += [(item[0], item[1]) for item in (*truth.rings, *truth.transfer_rings, *truth.holds)]
    spans += [(turn.start_s, turn.end_s) for turn in truth.turns]
    spans += [(over.start_s, over.end_s) for over in truth.overlaps]
    spans += [(word.start_s, word.end_s) for words in truth.words.values() for word in words]
    assert all(0 <= start < end <= script.duration_s for start, end in spans)
    assert all(ring.end_s <= truth.answer_s for ring in truth.rings)
    assert all(ring.start_s > truth.answer_s for ring in truth.transfer_rings)


@given(seeds, st.sampled_from((*OVERLAPS, 'mixed', 'none')))
@settings(max_examples=60, deadline=None)
def test_nobody_speaks_over_themselves_and_every_overlap_has_its_class(seed, overlap):
    truth = truth_of(draw(seed, Knobs(overlap=overlap, overlap_rate=0.9)))
    for who in PARTIES:
        said = [turn for turn in truth.turns if turn.speaker == who]
        assert all(a.end_s <= b.start_s for a, b in zip(said, said[1:]))  # noqa: B905, RUF007
    for mine in truth.turns:
        for yours in truth.turns:
            start, end = max(mine.start_s, yours.start_s), min(mine.end_s, yours.end_s)
            if mine.speaker == AGENT and yours.speaker == CALLER and end - start > 1e-6:
                assert any(over.start_s - 1e-6 <= start and end <= over.end_s + 1e-6
                           for over in truth.overlaps), (mine, yours)
    assert (overlap != 'none') or not truth.overlaps
    assert {over.label for over in truth.overlaps} <= (
        set(OVERLAPS) if overlap == 'mixed' else {overlap})


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_who_is_cut_off_leaves_words_unsaid_and_stops_in_a_reaction_time(seed):
    truth = truth_of(draw(seed, Knobs(overlap='interruption_taken', overlap_rate=1.0)))
    for over in truth.overlaps:
        cut = next(turn for turn in truth.turns
                   if turn.speaker != over.speaker and turn.end_s == over.end_s)
        whole = {clip.text for clip in voices()[cut.voice].clips}
        assert cut.text not in whole
        assert any(text.startswith(cut.text.rsplit(' ', 1)[0]) for text in whole)
        assert cut.text[-1] not in '.?!'
        assert REACTION[2] - 0.01 <= over.end_s - over.start_s <= REACTION[3] + 0.2
        comes_in = next(turn for turn in truth.turns
                        if turn.speaker == over.speaker and turn.start_s == over.start_s)
        assert comes_in.end_s > over.end_s + 0.8


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_who_gives_up_says_less_and_the_other_goes_on(seed):
    truth = truth_of(draw(seed, Knobs(overlap='interruption_failed', overlap_rate=1.0)))
    for over in truth.overlaps:
        tried = next(turn for turn in truth.turns
                     if turn.speaker == over.speaker and turn.start_s == over.start_s)
        assert (tried.start_s, tried.end_s) == (over.start_s, over.end_s)
        assert 0.3 <= over.end_s - over.start_s <= 2.7
        assert any(turn.speaker != over.speaker and turn.start_s < over.start_s - 0.5
                   and turn.end_s > over.end_s + 0.6 for turn in truth.turns)


@given(seeds)
@settings(max_examples=25, deadline=None)
def test_in_a_contest_both_finish_their_sentences(seed):
    truth = truth_of(draw(seed, Knobs(overlap='contested', overlap_rate=1.0)))
    for over in truth.overlaps:
        assert 1.2 <= over.end_s - over.start_s <= 4.3
    assert all(turn.text[-1] in '.?!' for turn in truth.turns)


def test_a_clean_call_sounds_where_the_truth_says_so_and_nowhere_else():
    for seed in range(2):
        script = draw(seed, clean(beeps=True, holds=1, hold_kind='reference', exchanges=2))
        lanes, truth = clean_lanes(script), truth_of(script)
        sounding = np.zeros((2, lanes.shape[1]), bool)
        spans = [(PARTIES.index(turn.speaker), turn.start_s, turn.end_s) for turn in truth.turns]
        for lane, start, end in spans:
            assert rms_db(window(lanes[lane], start, end)) > -50
            assert rms_db(window(lanes[lane], start, start + 0.1)) > -75
        others = [*truth.rings, *truth.transfer_rings, *truth.holds, *truth.ivr, *truth.beeps,
                  *truth.keys]
        spans += [(lane, item[0], item[1]) for item in others for lane in (0, 1)]
        for lane, start, end in spans:
            sounding[lane, max(0, round(start * RATE) - 2):round(end * RATE) + 2] = True
        assert not lanes[~sounding].any()
        for item in (*truth.rings, *truth.holds, *truth.ivr, *truth.beeps):
            assert rms_db(window(np.abs(lanes).max(axis=0), item[0], item[1])) > -45


@pytest.mark.parametrize('noise', CHOICES['noise'])
def test_noise_is_as_far_under_speech_as_the_knob_says(noise):
    plain = bare_call(agent_dbfs=-22.0, caller_dbfs=-26.0)
    noisy = bare_call(agent_dbfs=-22.0, caller_dbfs=-26.0, snr_db=15.0, noise=noise)
    for lane, dbfs in enumerate((-22.0, -26.0)):
        added = (noisy.audio.samples[lane].astype(float) - plain.audio.samples[lane]) / 32768
        assert rms_db(added) == pytest.approx(dbfs - 15, abs=0.5)
        said = [window(plain.audio.samples[lane], turn.start_s, turn.end_s) / 32768
                for turn in plain.truth.turns if turn.speaker == PARTIES[lane]]
        assert rms_db(np.concatenate(said)) == pytest.approx(dbfs, abs=3.0)


@pytest.mark.parametrize('bleed_db', [-40.0, -20.0, -15.0])
def test_a_lane_leaks_into_the_other_as_much_weaker_and_later_as_the_knobs_say(bleed_db):
    levels = {'agent_dbfs': -20.0, 'caller_dbfs': -20.0, 'overlap': 'none', 'ring_count': 0}
    plain = bare_call(**levels).audio.samples.astype(float)
    leaky = bare_call(**levels, bleed_db=bleed_db, bleed_delay_s=0.01).audio.samples.astype(float)
    delay = round(0.01 * RATE)
    for mine, other in ((0, 1), (1, 0)):
        leak = (leaky[mine] - plain[mine])[delay:]
        assert rms_db(leak) - rms_db(plain[other][:-delay]) == pytest.approx(bleed_db, abs=0.3)
        assert np.corrcoef(leak, plain[other][:-delay])[0, 1] > 0.98


def test_every_value_of_every_knob_is_drawn():
    drawn = {knob.name: Counter(getattr(script.knobs, knob.name) for script, _ in fitted())
             for knob in fields(Knobs)}
    for name, values in CHOICES.items():
        if name not in ('overlap', 'ring_country', 'layout'):
            assert set(drawn[name]) == set(values), name
    assert all(len(counts) > 1 for name, counts in drawn.items()
               if name not in ('overlap', 'ring_over_noise_db'))


def test_every_kind_of_hold_and_every_class_of_overlap_is_drawn():
    truths = [truth for _, truth in fitted()]
    assert {hold.kind for truth in truths for hold in truth.holds} == set(HOLDS)
    assert {over.label for truth in truths for over in truth.overlaps} == set(OVERLAPS)
    assert len({ring.country for truth in truths for ring in truth.rings}) >= 14
    assert sum(bool(truth.transfer_rings) for truth in truths) >= 5
    assert sum(truth.starts_in_ring for truth in truths) >= 5
    assert sum(not truth.rings for truth in truths) >= 5
    assert sum(bool(truth.dead_air) for truth in truths) >= 5
    assert sum(bool(truth.ivr) for truth in truths) >= 5


def test_lengths_of_overlap_lie_on_both_sides_of_every_threshold():
    lengths = {label: [over.end_s - over.start_s for _, truth in fitted()
                       for over in truth.overlaps if over.label == label] for label in OVERLAPS}
    assert min(lengths['terminal']) < 0.1 < 0.4 < max(lengths['terminal'])
    assert min(lengths['interruption_taken']) < 0.3 < 0.5 < 1.0 < max(lengths['interruption_taken'])
    assert min(lengths['interruption_failed']) < 0.5 < 1.5 < max(lengths['interruption_failed'])
    assert min(lengths['contested']) < 2.0 < max(lengths['contested'])
    assert min(lengths['overlap_complete']) < 0.5 < 1.0 < max(lengths['overlap_complete'])


@pytest.mark.parametrize('codec', CODECS)
def test_a_written_call_is_read_back_in_time(codec, tmp_path):
    knobs = {**BARE, 'exchanges': 1, 'agent_dbfs': -20.0, 'caller_dbfs': -22.0}
    call = render(draw(3, clean(**{**knobs, 'codec': codec})))
    plain = render(draw(3, clean(**knobs)))
    row = call.write(tmp_path)
    uris = {key: str(tmp_path / value) for key, value in row.items() if key.endswith('audio_uri')}
    read = decode(Reference(row['call_id'], **uris), DECODE).audio
    assert read.channels == 2
    ratio = plain.audio.rate // read.rate
    for channel in (0, 1):
        heard = np.abs(read.samples[channel].astype(float))
        said = np.abs(plain.audio.samples[channel].astype(float))
        said = said[:len(said) // ratio * ratio].reshape(-1, ratio).mean(axis=1)
        size = 2 ** int(np.ceil(np.log2(len(heard) + len(said))))
        cross = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)))
        lag = (int(np.argmax(cross)) + size // 2) % size - size // 2
        assert abs(lag) / read.rate <= 0.005


def test_layouts_put_the_parties_where_they_say():
    plain = bare_call().audio.samples.astype(int)
    assert np.array_equal(bare_call(layout='swapped').audio.samples, plain[::-1])
    assert bare_call(layout='swapped').truth.agent_channel == 1
    mono = bare_call(layout='mono').audio.samples
    assert np.abs(mono[0] - np.clip(plain.sum(axis=0), -32768, 32767)).max() <= 1
    assert np.array_equal(bare_call(layout='duplicated').audio.samples, np.concatenate([mono] * 2))
    dead = bare_call(layout='dead_channel')
    assert not dead.audio.samples[1].any()
    assert dead.truth.agent_channel is None
    assert np.array_equal(bare_call(layout='one_way').audio.samples[0], plain[0])


def test_what_a_line_does_is_done():
    plain = bare_call().audio.samples.astype(int)
    lost = bare_call(loss=0.1, loss_kind='zero').audio.samples
    frames = lost[0][:len(lost[0]) // 320 * 320].reshape(-1, 320)
    sent = plain[0][:frames.size].reshape(-1, 320).any(axis=1)
    assert 0.04 < np.mean(~frames[sent].any(axis=1)) < 0.18
    shifted = bare_call(dc_offset=0.03).audio.samples
    assert np.median(shifted - plain) == pytest.approx(0.03 * 32767, abs=1)
    overdriven = bare_call(clip_db=6.0).audio.samples.astype(int)
    peak = np.abs(overdriven[0]).max()
    assert peak < np.abs(plain[0]).max()
    assert np.mean(np.abs(overdriven[0]) >= peak - 1) > 2e-4
    assert np.mean(bare_call(snr_db=20.0, pauses='digital_silence').audio.samples == 0) > 0.2
    assert np.mean(bare_call(snr_db=20.0, pauses='comfort_noise').audio.samples == 0) < 0.1


def test_words_are_heard_at_their_times():
    """Between the words of a clip that a comma divides, the voice is quieter than in them."""
    for name in ('allison', 'anna', 'ted'):
        voice = voices()[name]
        within, pauses = [], []
        for clip in voice.clips:
            heard = samples_of(clip)
            assert clip.words[0][0] == 0.0
            assert clip.words[-1][1] == pytest.approx(clip.duration_s, abs=0.002)
            for (_, end, word), (start, _, _) in zip(clip.words, clip.words[1:], strict=False):
                assert end <= start + 0.02
                if start - end > 0.08 and word[-1] in ',.?':
                    pauses.append(rms_db(window(heard, end + 0.02, start - 0.02)))
            within += [rms_db(window(heard, start, end)) for start, end, _ in clip.words]
        assert np.median(within) > -26
        assert not pauses or np.median(pauses) < np.median(within) - 12


def test_a_transcript_beside_a_call_is_read_as_its_words(tmp_path):
    call = bare_call()
    row = call.write(tmp_path, transcript=True, jitter_s=0.05)
    reading = read_transcript((tmp_path / row['transcript_uri']).read_bytes(), 'en')
    assert Counter(said.label for said in reading.said) == Counter(
        {who: len(words) for who, words in call.truth.words.items()})
    off = [word['start'] - word['end'] for segment in call.whisperx()['segments']
           for word in segment['words']]
    assert all(length < 0 for length in off)


def test_a_value_that_a_knob_does_not_have_is_refused():
    with pytest.raises(ValueError, match='hold_kind is one of tonal'):
        draw(1, Knobs(hold_kind='jazz'))
    with pytest.raises(ValueError, match='agent_voice is one of'):
        draw(1, Knobs(agent_voice='nobody'))


def test_a_call_can_be_written_for_listening(tmp_path, capsys):
    main(['3', '--out', str(tmp_path), '--codec', 'pcm_mulaw', '--exchanges', '1', '--holds', '0',
          '--transfer', 'no'])
    told = json.loads(Path(tmp_path / 'sim-3.truth.json').read_text())
    assert told['knobs']['codec'] == 'pcm_mulaw'
    assert (tmp_path / told['manifest']['audio_uri']).is_file()
    assert f'{len(told["truth"]["turns"])} turns' in capsys.readouterr().out
