import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.conversation import Audio, Lane
from transforms.levels import frame_dbfs, measure, snr_db, take_out_offset


def tone(hz, seconds, rate, dbfs=-20.0):
    """A voice-like tone: harmonics of `hz` between 300 and 3400 Hz, the telephone's band."""
    t = np.arange(round(seconds * rate)) / rate
    wave = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 60) if 300 <= hz * k <= 3400)
    return wave * 10 ** (dbfs / 20) / np.sqrt(np.mean(wave ** 2))


def noise(seconds, rate, dbfs, seed=0):
    return np.random.default_rng(seed).normal(0, 10 ** (dbfs / 20), round(seconds * rate))


def audio(*lanes, rate=8000):
    return Audio((np.stack(lanes) * 32767).round().clip(-32768, 32767).astype(np.int16), rate)


@pytest.mark.parametrize('rate', [8000, 16_000])
@given(hz=st.floats(75, 380))
def test_pitch_is_found_though_the_telephone_cuts_the_fundamental(rate, hz):
    call = audio(tone(hz, 1.0, rate), rate=rate)
    voice, = measure(call, Lane(0, ((0.0, 1.0),)), [(0.0, 1.0)])
    assert voice.f0_st == pytest.approx(12 * np.log2(hz / 100), abs=0.2)
    assert voice.f0_iqr_st < 0.2


@given(st.floats(-50, -6))
def test_the_level_is_the_rms_of_the_speech_alone(dbfs):
    call = audio(np.concatenate([tone(150, 1.0, 8000, dbfs), np.zeros(8000),
                                 tone(150, 1.0, 8000, dbfs)]) * 0.9)
    voice, = measure(call, Lane(0, ((0.0, 1.0), (2.0, 3.0))), [(0.0, 3.0)])
    heard = 10 * np.log10(np.mean((call.samples[0, :8000] / 32768) ** 2))
    assert voice.level_dbfs == pytest.approx(heard, abs=0.1)


def test_each_turn_is_measured_by_itself():
    call = audio(np.concatenate([tone(100, 1.0, 8000, -30), tone(200, 1.0, 8000, -20)]))
    lane = Lane(0, ((0.0, 1.0), (1.0, 2.0)))
    low, high = measure(call, lane, [(0.0, 1.0), (1.0, 2.0)])
    assert (low.f0_st, high.f0_st) == (pytest.approx(0, abs=0.2), pytest.approx(12, abs=0.2))
    assert high.level_dbfs - low.level_dbfs == pytest.approx(10, abs=0.3)


def test_a_turn_that_moves_between_two_pitches_has_a_wide_range():
    call = audio(np.concatenate([tone(100, 1.0, 8000), tone(150, 1.0, 8000)]))
    voice, = measure(call, Lane(0, ((0.0, 2.0),)), [(0.0, 2.0)])
    assert voice.f0_iqr_st == pytest.approx(12 * np.log2(1.5), abs=0.3)


def test_noise_and_a_short_word_have_a_level_and_no_pitch():
    call = audio(np.concatenate([noise(1.0, 8000, -20), tone(150, 0.1, 8000)]))
    hiss, word = measure(call, Lane(0, ((0.0, 1.0), (1.0, 1.1))), [(0.0, 1.0), (1.0, 1.1)])
    assert hiss.level_dbfs == pytest.approx(-20, abs=0.3)
    assert word.level_dbfs is not None
    assert hiss.f0_st is None and word.f0_st is None and word.f0_iqr_st is None


def test_a_turn_without_speech_is_not_measured():
    call = audio(noise(2.0, 8000, -20))
    assert measure(call, Lane(0, ((0.0, 1.0),)), [(1.2, 1.8)]) == [(None, None, None)]
    assert measure(call, Lane(0), []) == []


@pytest.mark.parametrize('snr', [5.0, 20.0, 40.0])
def test_the_noise_floor_is_that_of_the_lanes_own_pauses(snr):
    lane = noise(6.0, 8000, -20 - snr)
    lane[8000:24_000] += noise(2.0, 8000, -20, seed=1)
    assert snr_db(audio(lane), Lane(0, ((1.0, 3.0),))) == pytest.approx(snr, abs=1.0)


def test_bleed_and_ringing_are_no_noise():
    lane = noise(6.0, 8000, -60)
    lane[8000:24_000] += noise(2.0, 8000, -20, seed=1)
    lane[28_000:40_000] += noise(1.5, 8000, -30, seed=2)
    call = audio(lane)
    assert snr_db(call, Lane(0, ((1.0, 3.0),), ((3.5, 5.0),))) == pytest.approx(40, abs=1)
    assert snr_db(call, Lane(0, ((1.0, 3.0),)), [(3.5, 5.0)]) == pytest.approx(40, abs=1)


def test_the_noise_of_a_gated_or_pauseless_or_silent_lane_is_not_known():
    gated = np.zeros(48_000)
    gated[8000:24_000] = noise(2.0, 8000, -20)
    assert snr_db(audio(gated), Lane(0, ((1.0, 3.0),))) is None
    assert snr_db(audio(noise(2.0, 8000, -20)), Lane(0, ((0.0, 1.9),))) is None
    assert snr_db(audio(noise(2.0, 8000, -60)), Lane(0)) is None


@given(st.integers(1, 400), st.integers(0, 3000))
def test_every_sample_is_in_a_frame(size, length):
    samples = np.full(length, 0.5, np.float32)
    level = frame_dbfs(samples, size)
    assert len(level) == -(-length // size)
    assert np.allclose(level, 20 * np.log10(0.5), atol=1e-3)


def test_a_constant_offset_is_taken_out_and_a_small_mean_stays():
    random = np.random.default_rng(0)
    lane = random.normal(0, 2000, 16_000).round()
    samples = np.stack([lane + 1600, lane - 1600, lane]).clip(-32768, 32767).astype(np.int16)
    call = Audio(samples.copy(), 8000)
    take_out_offset(call)
    assert np.abs(call.samples[:2].astype(int) - lane.astype(int)).max() <= 33
    assert np.array_equal(call.samples[2], samples[2])
    assert np.abs(call.samples.mean(axis=1)).max() < 33
