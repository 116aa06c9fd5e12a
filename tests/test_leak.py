from dataclasses import replace

import numpy as np
import pytest

from tests.test_lanes import AGENT, CALLER, OPTIONS, RATE, call, voice
from transforms.conversation import Audio
from transforms.leak import take_out_leaks

BLEED = OPTIONS.bleed
LINE = 0.01  # of the noise of a line, full scale 1: 15 dB under a voice of -25 dBFS


def line(seed):
    return np.random.default_rng(seed).normal(0, LINE, 15 * RATE)


def power_db(samples):
    return 10 * np.log10(np.mean(samples.astype(float) ** 2) + 1e-9)


def leaking(loss_db, delay_s, seed=0):
    """A dry call, and the same call with each party heard in the other's channel too."""
    voices = [voice(AGENT, 15, seed + 1), voice(CALLER, 15, seed + 2)]
    noise = [line(seed + 3), line(seed + 4)]
    leaks = [np.roll(said, round(delay_s * RATE)) * 10 ** (-loss_db / 20) for said in voices]
    dry = call(*(said + hiss for said, hiss in zip(voices, noise, strict=True)))
    wet = call(*(said + hiss + leak for said, hiss, leak
                 in zip(voices, noise, reversed(leaks), strict=True)))
    return dry, wet


@pytest.mark.parametrize('delay_s', [0.0, 0.013, 0.2])
@pytest.mark.parametrize('loss_db', [15.0, 20.0, 30.0])
def test_a_leak_is_taken_out_of_a_channel_though_the_line_is_louder(loss_db, delay_s):
    dry, wet = leaking(loss_db, delay_s)
    before = [power_db(a - b) for a, b in zip(wet.samples, dry.samples, strict=True)]
    leaks = take_out_leaks(wet, (), BLEED)
    assert all(leaks)
    for was, a, b in zip(before, wet.samples, dry.samples, strict=True):
        left = power_db(a.astype(int) - b)
        assert left <= max(was - 8, power_db(b) - 30)


def test_nothing_is_taken_out_of_channels_that_do_not_leak():
    dry, _ = leaking(20.0, 0.0)
    before = dry.samples.copy()
    assert take_out_leaks(dry, (), BLEED) == (None, None)
    assert np.array_equal(dry.samples, before)


def test_the_same_audio_in_both_channels_is_no_leak():
    both = voice([*AGENT, *CALLER], 15, 1)
    audio = call(both, both * 0.7 + line(2) * 0.01)
    before = audio.samples.copy()
    assert take_out_leaks(audio, (), BLEED) == (None, None)
    assert np.array_equal(audio.samples, before)


def test_music_in_both_channels_is_no_leak():
    dry, _ = leaking(20.0, 0.0)
    music = np.zeros(15 * RATE)
    music[:RATE * 4] = 0.2 * np.random.default_rng(5).normal(0, 1, RATE * 4)
    samples = dry.samples + np.round(32767 * np.stack([music, music * 0.1])).astype(np.int16)
    audio = Audio(samples, RATE)
    assert take_out_leaks(audio, [(0.0, 4.5)], BLEED) == (None, None)


def test_a_line_that_sends_nothing_in_pauses_stays_silent_there():
    said = [voice([(1.0, 7.0), (9.0, 14.0)], 15, 1), voice([(3.0, 8.0), (10.0, 13.0)], 15, 2)]
    sends = np.zeros(15 * RATE)
    sends[round(2.9 * RATE):round(8.1 * RATE)] = sends[round(9.9 * RATE):round(13.1 * RATE)] = 1
    dry, wet = (call(said[0], (said[1] + line(4) + leak * said[0]) * sends)
                for leak in (0.0, 0.1))
    silent = np.flatnonzero(sends == 0)
    was = power_db(wet.samples[1].astype(int) - dry.samples[1])
    assert take_out_leaks(wet, (), BLEED)[1]
    assert not wet.samples[1][silent].any()
    assert power_db(wet.samples[1].astype(int) - dry.samples[1]) <= was - 8


def test_a_leak_that_is_heard_in_too_little_speech_is_left():
    _, wet = leaking(20.0, 0.0)
    shy = replace(BLEED, least_s=60.0)
    assert take_out_leaks(wet, (), shy) == (None, None)
    assert take_out_leaks(call(voice(AGENT, 15, 1)), (), BLEED) == (None, None)
