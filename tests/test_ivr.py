"""Recorded prompts before the answer are told from what agents and callers say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.signals import OPTIONS
from transforms.conversation import Audio, Sound
from transforms.ivr import hear_prompts

RATE = 8000


class Loud:
    """Takes all that is loud for speech, besides what it is told to ignore."""

    def spans(self, samples, rate, ignore=()):
        from transforms.intervals import subtract
        from transforms.spectrum import runs
        loud = np.abs(samples[:len(samples) // 80 * 80].reshape(-1, 80)).max(axis=1) > 100
        return tuple(subtract([(a * 80 / rate, b * 80 / rate) for a, b in runs(loud)],
                              list(ignore)))


def call(*channels, duration_s=60.0):
    """Channels from the spans in which they are loud."""
    samples = np.zeros((len(channels), round(duration_s * RATE)), np.int16)
    for row, spans in zip(samples, channels, strict=True):
        row[:] = 1  # a live line
        for start, end in spans:
            row[round(start * RATE):round(end * RATE)] = 3000
    return Audio(samples, RATE)


def sound(kind, label, start_s, end_s, channel=0):
    return Sound(kind, label, channel, start_s, end_s, 0.9, '')


def rings(*onsets, channel=0):
    return [sound('ring', 'ringback', at, at + 1.0, channel) for at in onsets]


def spans(audio, sounds, answered_s=None):
    found = hear_prompts(audio, sounds, Loud, answered_s, OPTIONS.ivr)
    assert {(s.kind, s.label) for s in found} <= {('ivr', 'announcement')}
    return [(s.channel, pytest.approx(s.start_s, abs=0.05), pytest.approx(s.end_s, abs=0.05))
            for s in found]


PROMPT, GREETING = (1.0, 5.0), (15.0, 18.0)
CALLER = [(18.5, 25.0)]


@pytest.mark.parametrize('prompt', [(1.0, 5.0), (8.0, 10.5)])
def test_what_is_said_before_or_between_the_rings_is_a_prompt(prompt):
    audio = call([prompt, GREETING], CALLER)
    assert spans(audio, rings(6.0, 12.0)) == [(0, *prompt)]


def test_in_a_mono_call_too():
    audio = call([PROMPT, GREETING, *CALLER])
    assert spans(audio, rings(6.0, 12.0)) == [(0, *PROMPT)]


def test_a_prompt_that_leaks_into_the_other_channel_is_in_both():
    audio = call([PROMPT, GREETING], [PROMPT, *CALLER])
    assert spans(audio, rings(6.0, 12.0)) == [(None, *PROMPT)]


def test_what_was_said_before_the_ring_of_a_transfer_is_a_conversation():
    said = [(1.0, 5.0), (8.0, 11.0), (30.0, 34.0)]
    assert spans(call(said, [(5.5, 7.5), (11.5, 13.0)]), rings(20.0, 24.0)) == []
    mono = [(1.0, 5.0), (5.5, 7.5), (8.0, 11.0), (11.5, 16.0), (17.0, 25.0), (30.0, 34.0)]
    assert spans(call(mono), rings(27.0)) == []


def test_what_comes_before_keys_are_pressed_is_a_menu():
    audio = call([PROMPT, GREETING], CALLER)
    assert spans(audio, [sound('tone', 'dtmf', 6.0, 8.0, channel=1)]) == [(0, *PROMPT)]


def test_a_queues_announcements_between_its_music_are_prompts_and_the_greeting_before_is_not():
    audio = call([PROMPT, (12.0, 14.0), (30.0, 33.0)], [(33.5, 40.0)])
    music = [sound('hold', 'music', 6.0, 11.5), sound('hold', 'music', 14.5, 29.0)]
    assert spans(audio, music) == [(0, 12.0, 14.0)]


def test_talk_between_two_holds_is_no_announcement():
    audio = call([PROMPT, (20.0, 24.0), (40.0, 43.0)], [(5.5, 9.0)])
    music = [sound('hold', 'music', 10.0, 19.0), sound('hold', 'music', 25.0, 39.0)]
    assert spans(audio, music) == []


def test_the_phone_systems_answer_goes_first():
    audio = call([PROMPT, (8.0, 10.0), GREETING], [(5.2, 7.8), *CALLER])
    assert spans(audio, [], answered_s=14.5) == [(0, *PROMPT), (0, 8.0, 10.0)]
    assert spans(audio, rings(12.0), answered_s=0.2) == []


def test_a_call_that_begins_at_the_answer_has_no_prompt_and_needs_no_ear():
    def deaf():
        raise AssertionError('nothing to listen for')

    audio = call([GREETING], CALLER)
    assert hear_prompts(audio, [], deaf, None, OPTIONS.ivr) == []
