"""A voice that is neither party's is a recording; a prompt in a party's voice is talk."""

import numpy as np
import pytest

from transforms.conversation import Audio, Lane, Sound
from transforms.strangers import StrangerOptions, opening_prompt, parties_of, talk_among, without

OPTIONS = StrangerOptions(stretch_s=1.0, heard_s=4.0, stretches=40, alike=0.88, unlike=0.78)
RATE = 8000
MACHINE, AGENT, CALLER = np.eye(3)


class Vad:
    """Speech is wherever a sample is not zero."""

    def spans(self, samples, rate, ignore=()):
        at = np.flatnonzero(np.diff(np.concatenate(([0], (samples != 0).astype(int), [0]))))
        return tuple((a / rate, b / rate) for a, b in zip(at[::2], at[1::2], strict=True))


def call(*turns):
    """Audio whose samples are 1, 2 and 3 where the machine, the agent and the caller speak."""
    samples = np.zeros((1, round(turns[-1][2] * RATE)), np.int16)
    for who, start, end in turns:
        samples[0, round(start * RATE):round(end * RATE)] = 1 + int(np.argmax(who))
    return Audio(samples, RATE)


def ear(samples, rate, spans):
    """The voice that is heard most of the time in each span."""
    return np.array([np.eye(3)[np.argmax(np.bincount(
        samples[round(a * rate):round(b * rate)], minlength=4)[1:])] for a, b in spans]
        ).reshape(-1, 3)


def lanes(*turns):
    """What a diarizer makes of it that takes the machine for the caller."""
    return tuple(Lane(0, tuple((a, b) for who, a, b in turns if (who is AGENT) == agent))
                 for agent in (False, True))


TALK = [(AGENT, 10.0, 13.0), (CALLER, 13.5, 18.0), (AGENT, 18.5, 21.0), (CALLER, 21.5, 24.0),
        (AGENT, 24.5, 27.0), (CALLER, 27.5, 30.0), (AGENT, 31.0, 34.0), (CALLER, 34.0, 36.0)]


def opening_of(*turns):
    return opening_prompt(parties_of(call(*turns), lanes(*turns), ear, OPTIONS), OPTIONS)


def test_what_is_said_first_in_a_voice_that_is_not_heard_again_is_a_prompt():
    assert opening_of((MACHINE, 1.0, 4.0), (MACHINE, 5.0, 8.0), *TALK) == (1.0, 8.0)
    assert opening_of((MACHINE, 1.0, 4.0), *TALK) == (1.0, 4.0)


def test_the_greeting_of_an_agent_who_speaks_again_is_none():
    assert opening_of(*TALK) is None


def test_a_voice_that_is_not_heard_again_later_in_the_call_is_no_opening():
    assert opening_of(*TALK, (MACHINE, 37.0, 40.0)) is None


def test_in_a_call_of_a_few_words_nothing_is_told_by_voice():
    assert opening_of((MACHINE, 1.0, 4.0), *TALK[:1]) is None


@pytest.mark.parametrize('who, talk', [(MACHINE, False), (AGENT, True), (CALLER, True)])
def test_a_prompt_in_a_partys_voice_is_talk(who, talk):
    turns = [(who, 1.0, 4.0), *TALK]
    prompt = Sound('ivr', 'announcement', 0, 0.5, 4.5, 0.8, 'before it rings')
    audio = call(*turns)
    parties = parties_of(audio, lanes(*TALK), ear, OPTIONS)
    assert talk_among([prompt], audio, parties, Vad(), ear, OPTIONS) == [prompt] * talk


def test_of_a_long_call_the_opening_and_places_all_over_it_are_heard():
    turns = [(AGENT if n % 2 else CALLER, 3.0 * n, 3.0 * n + 2.0) for n in range(200)]
    parties = parties_of(call(*turns), lanes(*turns), ear, OPTIONS)
    assert len(parties.stretches) == len(parties.voices) == 40
    assert parties.stretches[0] == (0.0, 2.0) and parties.stretches[-1] == (597.0, 599.0)


def test_a_lane_without_the_prompt_begins_after_it():
    one = Lane(0, ((1.0, 4.0), (3.5, 6.0), (9.0, 10.0)), voices=(1, 1, 2))
    assert without([one, Lane(0)], (1.0, 4.0)) == (
        Lane(0, ((4.0, 6.0), (9.0, 10.0)), voices=(1, 2)), Lane(0))
