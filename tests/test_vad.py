import wave
from dataclasses import replace
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.signal import resample_poly

from transforms.intervals import covered, intersect, subtract, total
from transforms.vad import WINDOW_S, VadOptions, load_vad, pad, spans_of, trim

OPTIONS = VadOptions(threshold=0.5, neg_threshold=0.35, min_speech_s=0.1, min_silence_s=0.1,
                     pad_s=0.0, level_dbfs=-17.0, max_gain_db=40.0, trim_s=0.2, trim_db=6.0,
                     block_s=60.0)
RATE = 16_000


def folder(package):
    return Path(find_spec(package).submodule_search_locations[0])


@pytest.fixture(scope='module')
def vad():
    return load_vad(OPTIONS)


@pytest.fixture(scope='module')
def talk():
    """Half a minute of two people on the telephone, int16 at 16 kHz, and when they speak."""
    sample = folder('pyannote') / 'audio' / 'sample'
    with wave.open(str(sample / 'sample.wav')) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    rows = (line.split() for line in (sample / 'sample.rttm').read_text().splitlines())
    return samples, sorted((float(row[3]), float(row[3]) + float(row[4])) for row in rows)


chances = arrays(np.float32, st.integers(0, 300), elements=st.floats(0, 1, width=32))
options = st.builds(
    replace, st.just(OPTIONS), threshold=st.floats(0.3, 0.9), neg_threshold=st.floats(0.1, 0.3),
    min_speech_s=st.floats(0, 0.5), min_silence_s=st.floats(0, 0.5))


@given(chances, options)
def test_speech_is_sorted_long_enough_and_far_enough_apart(p, some):
    spans = spans_of(p, some, len(p) * WINDOW_S)
    assert all(0 <= start < end <= len(p) * WINDOW_S + 1e-9 for start, end in spans)
    assert all(end - start >= some.min_speech_s - 1e-6 for start, end in spans)
    assert all(b[0] - a[1] >= some.min_silence_s - 1e-6 for a, b in pairwise(spans))


@given(chances, options)
def test_each_span_starts_with_a_clear_window_and_ends_before_a_clear_silence(p, some):
    for start, end in spans_of(p, some, len(p) * WINDOW_S):
        first, last = round(start / WINDOW_S), round(end / WINDOW_S)
        assert p[first] >= some.threshold
        assert p[last - 1] >= some.neg_threshold
        assert last == len(p) or p[last] < some.neg_threshold


@given(chances)
def test_without_least_lengths_every_clear_window_is_speech_and_no_other_starts_it(p):
    spans = spans_of(p, replace(OPTIONS, min_speech_s=0.0, min_silence_s=0.0), len(p) * WINDOW_S)
    speaking = False
    for i, chance in enumerate(p):
        speaking = chance >= OPTIONS.threshold or (speaking and chance >= OPTIONS.neg_threshold)
        middle = (i + 0.5) * WINDOW_S
        assert speaking == any(start < middle < end for start, end in spans)


@given(chances, options, st.floats(0, 0.03))
def test_padding_never_makes_spans_overlap_or_leave_the_recording(p, some, pad_s):
    spans = spans_of(p, some, len(p) * WINDOW_S)
    padded = pad(spans, pad_s, len(p) * WINDOW_S)
    assert len(padded) == len(spans)
    assert all(0 <= start < end <= len(p) * WINDOW_S + 1e-9 for start, end in padded)
    assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(padded))
    assert all(b[0] <= a[0] and a[1] <= b[1] for a, b in zip(spans, padded, strict=True))


def test_a_short_pause_is_bridged_and_a_click_is_dropped():
    p = np.zeros(100, np.float32)
    p[10:20] = p[22:30] = 0.9  # 64 ms between
    p[40:42] = 0.9  # 64 ms long
    p[60:70] = 0.9
    spans = spans_of(p, OPTIONS, 3.2)
    assert np.allclose(spans, [(0.32, 0.96), (1.92, 2.24)])


def test_probabilities_are_those_of_silero_window_by_window(vad, talk):
    import onnxruntime
    path = folder('silero_vad') / 'data' / 'silero_vad.onnx'
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    samples = talk[0].astype(np.float32) / 32768
    state, padded, expected = np.zeros((2, 1, 128), np.float32), np.pad(samples, (64, 256)), []
    for at in range(64, len(samples), 512):
        out, state = session.run(None, {'input': padded[None, at - 64:at + 512], 'state': state,
                                        'sr': np.array(RATE)})
        expected.append(out[0, 0])
    got = load_vad(replace(OPTIONS, max_gain_db=0.0)).probabilities(talk[0], RATE)
    assert len(got) == len(expected)
    assert np.abs(got - expected).max() < 1e-3


def test_telephone_rate_gives_the_probabilities_of_interpolated_audio(vad, talk):
    narrow = resample_poly(talk[0].astype(np.float32), 1, 2).round().astype(np.int16)
    wide = resample_poly(narrow.astype(np.float32), 2, 1) / 32768
    apart = np.abs(vad.probabilities(narrow, 8000) - vad.probabilities(wide, RATE))
    assert np.median(apart) < 1e-3
    assert np.mean(apart < 0.05) > 0.98


def test_people_on_the_telephone_are_heard_when_they_speak(vad, talk):
    samples, spoken = talk
    spans = vad.spans(samples, RATE)
    assert covered((0.0, 30.0), intersect(spans, spoken)) > 0.97 * total(spans)
    assert total(subtract(spoken, spans)) < 0.12 * total(spoken)


def test_the_length_of_a_block_changes_nothing(vad, talk):
    short = load_vad(replace(OPTIONS, block_s=1.0))
    for rate, samples in ((RATE, talk[0]), (8000, talk[0][::2])):
        assert np.abs(short.probabilities(samples, rate)
                      - vad.probabilities(samples, rate)).max() < 1e-3


def test_a_lane_40_db_quieter_is_heard_as_well(vad, talk):
    spans = vad.spans(talk[0], RATE)
    quiet = vad.spans((talk[0] * 0.01).round().astype(np.int16), RATE)
    assert total(subtract(spans, quiet)) < 0.03 * total(spans)


def test_int16_and_float_are_heard_alike(vad, talk):
    assert vad.spans(talk[0].astype(np.float32) / 32768, RATE) == vad.spans(talk[0], RATE)


def test_telephone_rate_is_heard_like_wideband(vad, talk):
    spans = vad.spans(talk[0], RATE)
    narrow = resample_poly(talk[0].astype(np.float32), 1, 2).round().astype(np.int16)
    other = vad.spans(narrow, 8000)
    assert total(subtract(spans, other)) + total(subtract(other, spans)) < 0.1 * total(spans)


def test_speech_ends_where_the_voice_stops(vad, talk):
    words = [talk[0][round(a * RATE):round(min(b, a + 2) * RATE)]
             for a, b in vad.spans(talk[0], RATE) if b - a > 0.8]
    noise = np.random.default_rng(0).normal(0, 20, (len(words) * 4 * RATE))
    truth = []
    for i, word in enumerate(words):
        at = i * 4 * RATE + RATE // 2
        noise[at:at + len(word)] += word
        truth.append((at / RATE, (at + len(word)) / RATE))
    found = vad.spans(noise.round().astype(np.int16), RATE)
    for start, end in truth:
        inside = [s for s in found if s[0] < end and s[1] > start]
        assert inside[0][0] == pytest.approx(start, abs=0.08)
        assert inside[-1][1] == pytest.approx(end, abs=0.04)


def test_ends_stay_where_no_pause_tells_the_noise():
    samples = np.full(RATE, 1000, np.int16)
    assert trim([(0.0, 1.0)], samples, RATE, (), OPTIONS) == ((0.0, 1.0),)


def test_ignored_spans_are_no_speech_and_do_not_set_the_level(vad, talk):
    music = np.random.default_rng(0).normal(0, 8000, 10 * RATE)
    quiet = (talk[0] * 0.02).round()
    samples = np.concatenate([music, quiet]).clip(-32768, 32767).astype(np.int16)
    spans = vad.spans(samples, RATE, [(0.0, 10.0)])
    alone = vad.spans(quiet.astype(np.int16), RATE)
    assert not intersect(spans, [(0.0, 10.0)])
    later = [(a + 10, b + 10) for a, b in alone]
    assert total(subtract(later, spans)) + total(subtract(spans, later)) < 0.5


@pytest.mark.parametrize('samples', [
    np.zeros(0, np.int16), np.zeros(5, np.int16), np.zeros(RATE * 5, np.int16),
    np.random.default_rng(0).normal(0, 300, RATE * 5).astype(np.int16)])
def test_silence_and_noise_are_no_speech(vad, samples):
    assert vad.spans(samples, RATE) == ()


def test_a_rate_that_lanes_do_not_have_is_refused(vad):
    with pytest.raises(ValueError, match='44100 Hz'):
        vad.spans(np.zeros(100, np.int16), 44_100)
