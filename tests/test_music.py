"""Hold music and digital zero are found from first to last note; nothing else is taken for them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import load_settings
from tests.signals import MUSIC, OPTIONS, RINGING, audio, music, ringing, silence, tone, voice
from transforms.conversation import Audio, Sound
from transforms.sounds import hear_sounds
from transforms.vad import Vad, load_vad

SAMPLES = Path(__file__).parent.parent / 'samples'
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
    assert {s.kind for s in hear_sounds(audio(x, noise=NOISE), OPTIONS)} <= {'tone'}


@cache
def ear() -> Vad:
    return load_vad(load_settings(None).vad)


def heard(*channels: np.ndarray, noise: float = NOISE) -> list[tuple]:
    """Kind, label, channel, start and end of what is heard with an ear for speech."""
    return [(s.kind, s.label, s.channel, s.start_s, s.end_s)
            for s in hear_sounds(audio(*channels, noise=noise), OPTIONS, ear)]


def spoken(rate: int = 8000) -> list[np.ndarray]:
    """Two stretches of real synthetic speech, at the level of a call."""
    with av.open(str(SAMPLES / 'us-in-order.flac')) as file:
        x = np.concatenate([f.to_ndarray().reshape(-1, 2) for f in file.decode(audio=0)])
    x = x[::2, 0].astype(float) / 32768
    return [x[12 * rate:20 * rate], x[30 * rate:37 * rate]]


def drums(duration_s: float, rate: int = 8000) -> np.ndarray:
    """Kick, snare and hi-hat, RMS 1: nothing stands still."""
    rng, step = np.random.default_rng(5), 0.13
    out = np.zeros(round((duration_s + 1) * rate))
    t = np.arange(round(0.12 * rate)) / rate
    kick = np.sin(2 * np.pi * (60 + 300 * np.exp(-40 * t)) * t) * np.exp(-25 * t)
    for i in range(int(duration_s / step)):
        at = round(i * step * rate)
        out[at:at + len(t)] += 0.2 * rng.normal(size=len(t)) * np.exp(-90 * t)
        if i % 16 in (0, 3, 8, 10):
            out[at:at + len(t)] += 2 * kick
        if i % 8 == 4:
            out[at:at + len(t)] += rng.normal(size=len(t)) * np.exp(-30 * t)
    out = out[:round(duration_s * rate)]
    return out / np.sqrt(np.mean(out ** 2))


def vibrato(duration_s: float, rate: int = 8000) -> np.ndarray:
    """A solo voice of slow notes with 40 cents of vibrato, RMS 1."""
    t = np.arange(round(duration_s * rate)) / rate
    tune = np.array([69, 72, 74, 76, 74, 72, 67, 69])[(t / 0.8).astype(int) % 8]
    hz = 440 * 2 ** ((tune - 69) / 12 + 40 / 1200 * np.sin(2 * np.pi * 5.6 * t))
    phase = 2 * np.pi * np.cumsum(hz) / rate
    x = sum(g * np.sin((k + 1) * phase) for k, g in enumerate((1, .7, .5, .4, .3)))
    return x / np.sqrt(np.mean(x ** 2))


@pytest.mark.parametrize('kind', [drums, vibrato])
def test_music_without_still_lines_is_found_because_nobody_speaks_it(kind):
    before, after = spoken()
    x = np.concatenate([before, silence(0.6), 0.05 * kind(15), silence(0.6), after])
    ((_, label, channel, start, end),) = heard(x)
    assert (label, channel) == ('music', 0)
    assert (start, end) == pytest.approx((8.6, 23.6), abs=0.7)


def test_an_announcement_that_is_heard_twice_in_the_music_is_told_from_it():
    said, tune = spoken()[0][:8000 * 4], 0.05 * music('pads', 40)
    parts = [tune[:8000 * 12], said, tune[8000 * 12:8000 * 25], said, tune[8000 * 25:]]
    found = heard(np.concatenate(parts))
    assert [f[:2] for f in found] == [('hold', 'music'), ('ivr', 'announcement')] * 2 + [
        ('hold', 'music')]
    assert [f[3] for f in found] == pytest.approx([0, 12, 16, 29, 33], abs=1.0)


def test_speech_between_two_pieces_of_music_that_the_other_party_answers_is_no_announcement():
    first, second = spoken()
    tune = 0.05 * music('pads', 30)
    agent = np.concatenate([tune[:8000 * 12], first, tune[8000 * 12:]])
    caller = np.concatenate([silence(14), second, silence(20)])
    assert {f[:2] for f in heard(agent, caller)} == {('hold', 'music')}


def test_beeps_in_a_line_where_nobody_speaks_are_a_hold_from_speech_to_speech():
    before, after = 0.06 * voice(8, seed=1), 0.06 * voice(7, seed=2)
    beep = 0.05 * tone((950,), 0.3)
    wait = np.concatenate([silence(3), beep, silence(5), beep, silence(6), beep, silence(4)])
    found = [f for f in heard(np.concatenate([before, wait, after]),
                              silence(8 + 18.9 + 7)) if f[0] == 'hold']
    assert [f[:2] for f in found] == [('hold', 'beeps')]
    assert found[0][4] - found[0][3] == pytest.approx(18.9, abs=0.5)


def test_a_hum_that_voices_interrupt_is_not_music():
    t = np.arange(8000 * 60) / 8000
    hum = sum(np.sin(2 * np.pi * 50 * k * t + k) / k ** 0.7 for k in range(1, 12))
    talk = np.concatenate([np.concatenate([0.06 * voice(3, seed=i), silence(2)])
                           for i in range(12)])
    assert holds(audio(talk + 0.012 * hum, noise=0.003)) == []


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
