"""Hold music and digital zero are found from first to last note; nothing else is taken for them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals import MUSIC, OPTIONS, RINGING, audio, music, ringing, silence, tone, voice
from transforms.conversation import Audio, Sound
from transforms.sounds import hear_sounds

NOISE = 0.0005  # -66 dBFS: a quiet line


def holds(sound: Audio) -> list[Sound]:
    """The holds; that nothing else was heard is asserted here, for every test."""
    found = hear_sounds(sound, OPTIONS)
    assert {s.kind for s in found} <= {'hold'}, found
    return list(found)


def call(*parts: np.ndarray, rate: int = 8000) -> np.ndarray:
    """Talk, the parts, talk."""
    return np.concatenate([0.06 * voice(12, rate, seed=1), *parts,
                           0.06 * voice(8, rate, seed=2, pitch_hz=190)])


@pytest.mark.parametrize('duration_s', [6, 25])
@pytest.mark.parametrize('rate', [8000, 16000])
@pytest.mark.parametrize('kind', MUSIC)
def test_hold_music_of_any_kind_is_found_from_first_to_last_note(kind, rate, duration_s):
    x = call(silence(0.6, rate), 0.05 * music(kind, duration_s, rate, seed=duration_s),
             silence(0.4, rate), rate=rate)
    (hold,) = holds(audio(x, rate=rate, noise=NOISE, telephone=rate == 8000))
    assert (hold.label, hold.channel) == ('music', 0)
    assert hold.start_s == pytest.approx(12.6, abs=0.5)
    assert hold.end_s == pytest.approx(12.6 + duration_s, abs=0.5)
    assert 0.5 < hold.confidence <= 1


@pytest.mark.parametrize('kind', ['pads', 'arpeggio', 'band'])
def test_music_is_found_under_line_noise(kind):
    x = call(silence(0.6), 0.05 * music(kind, 15), silence(0.6))
    (hold,) = holds(audio(x, noise=0.05 * 10 ** (-15 / 20)))
    assert hold.end_s - hold.start_s == pytest.approx(15, abs=1.5)


def test_music_that_follows_talk_without_a_pause_is_found_within_a_second():
    (hold,) = holds(audio(call(0.05 * music('band', 15)), noise=NOISE))
    assert (hold.start_s, hold.end_s) == pytest.approx((12, 27), abs=1.0)


def test_music_in_one_lane_names_the_lane():
    x = call(0.05 * music('pads', 15))
    (hold,) = holds(audio(0.05 * voice(10, seed=7), x, noise=NOISE))
    assert hold.channel == 1


def test_music_in_both_lanes_is_one_hold():
    x = call(0.05 * music('pads', 15))
    (hold,) = holds(audio(x, 0.5 * x, noise=NOISE / 4))
    assert hold.channel is None


@settings(max_examples=12, deadline=None)
@given(gap_s=st.floats(0.5, 12.0).filter(lambda gap: abs(gap - 5) > 1))
def test_pieces_less_than_five_seconds_apart_are_one_hold(gap_s):
    x = call(0.05 * music('band', 10), silence(gap_s), 0.05 * music('arpeggio', 10))
    assert len(holds(audio(x, noise=NOISE))) == (1 if gap_s < 5 else 2)


def test_a_jingle_of_two_seconds_is_no_hold():
    assert holds(audio(call(silence(1), 0.05 * music('band', 2), silence(1)), noise=NOISE)) == []


@pytest.mark.parametrize('country', RINGING)
def test_ringing_is_not_music(country):
    x, _ = ringing(*RINGING[country], rings=6)
    found = hear_sounds(audio(0.05 * x, noise=NOISE), OPTIONS)
    assert {s.kind for s in found} == {'ring'}


def test_mains_hum_under_talk_is_not_music():
    t = np.arange(8000 * 60) / 8000
    hum = sum(np.sin(2 * np.pi * 50 * k * t + k) / k for k in (1, 3, 5, 7, 9, 11))
    talk = np.concatenate([0.06 * voice(25, seed=4), silence(6), 0.06 * voice(29, seed=5)])
    assert holds(audio(talk + 0.01 * hum, noise=NOISE)) == []


def test_line_noise_is_not_music():
    assert holds(audio(silence(60), noise=0.02)) == []


def test_a_dial_tone_is_not_music():
    x = np.concatenate([silence(1), 0.05 * tone((350, 440), 20), silence(2)])
    assert holds(audio(x, noise=NOISE)) == []


def zeroed(sound: Audio, start_s: float, end_s: float, value: int = 0) -> Audio:
    samples = sound.samples.copy()
    samples[:, round(start_s * sound.rate):round(end_s * sound.rate)] = value
    return Audio(samples, sound.rate)


@cache
def talk_with_pauses() -> Audio:
    """A minute in two lanes, a second of line noise after every five of talk."""
    x = np.concatenate([np.concatenate([0.06 * voice(5, seed=i), silence(1)]) for i in range(10)])
    return audio(x, np.roll(x, 4000), noise=0.002, telephone=False)


@pytest.mark.parametrize('value', [0, 8, -8, 300])
def test_digital_zero_in_all_lanes_is_a_hold(value):
    (hold,) = holds(zeroed(talk_with_pauses(), 20, 31, value))
    assert (hold.label, hold.channel) == ('zero', None)
    assert (hold.start_s, hold.end_s) == pytest.approx((20, 31), abs=0.05)


def test_digital_zero_shorter_than_five_seconds_is_no_hold():
    assert holds(zeroed(talk_with_pauses(), 20, 24.5)) == []


def test_digital_zero_in_one_lane_only_is_no_hold():
    sound = talk_with_pauses()
    half = zeroed(sound, 20, 31).samples
    half[1] = sound.samples[1]
    assert holds(Audio(half, sound.rate)) == []


@pytest.mark.parametrize('span_s', [(0, 9), (50, 60)])
def test_digital_zero_at_either_end_is_padding(span_s):
    assert holds(zeroed(talk_with_pauses(), *span_s)) == []


def test_digital_zero_means_nothing_where_every_silence_is_stored_so():
    sound = talk_with_pauses()
    for i in range(10):
        sound = zeroed(sound, 6 * i + 5.5, 6 * i + 6)
    assert holds(zeroed(sound, 20, 31)) == []


def test_a_silent_recording_holds_nothing():
    assert holds(Audio(np.zeros((2, 8000 * 20), np.int16), 8000)) == []
