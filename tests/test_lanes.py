from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.bleed import BleedOptions
from transforms.conversation import Audio, Sound
from transforms.intervals import covered, intersect, subtract, total, union
from transforms.lanes import LaneOptions, LaneResult, find_lanes, two_parties
from transforms.leak import take_out_leaks
from transforms.levels import FRAME_S, frame_dbfs
from transforms.played import HEARD_ONCE
from transforms.strangers import StrangerOptions

OPTIONS = LaneOptions(
    same_correlation=0.95, same_db=3.0, same_lag_s=0.03, dead_share=0.02, handover_s=2.0,
    min_speech_s=0.1,
    strangers=StrangerOptions(stretch_s=1.0, heard_s=4.0, stretches=40, alike=0.88, unlike=0.78),
    bleed=BleedOptions(lag_s=0.25, loss_db=12.0, least_s=1.0, peak=12.0, margin_db=4.0,
                       window_s=0.2, remainder_s=0.25))
RATE = 8000


class LoudVad:
    """Whatever is louder than -70 dBFS is speech: right in audio that has nothing else."""

    def spans(self, samples, rate, ignore=()):
        loud = np.flatnonzero(frame_dbfs(samples, round(FRAME_S * rate)) > -70)
        found = union(((i * FRAME_S, (i + 1) * FRAME_S) for i in loud.tolist()), 0.1)
        return tuple(subtract(found, list(ignore)))


class FakeDiarizer:
    name = 'fake'

    def __init__(self, *found):
        self.found = list(found)
        self.heard_s = None

    def __call__(self, samples, rate, transfers=0):
        self.heard_s, self.transfers = len(samples) / rate, transfers
        return self.found


def no_diarizer():
    raise AssertionError('two channels need no diarizer')


def voice(spans, length_s, seed, dbfs=-20.0):
    """Noise that swells and falls by syllables, as speech does, float."""
    random = np.random.default_rng(seed)
    out = random.normal(0, 1e-4, round(length_s * RATE))
    for start, end in spans:
        n = round((end - start) * RATE)
        swell = np.repeat(random.uniform(-24, 6, n // 800 + 1), 800)[:n]
        at = round(start * RATE)
        out[at:at + n] += random.normal(0, 10 ** (dbfs / 20), n) * 10 ** (swell / 20)
    return out


def call(*channels):
    samples = np.stack(channels) * 32767
    return Audio(samples.round().clip(-32768, 32767).astype(np.int16), RATE)


def parted(audio, options=OPTIONS):
    """The lanes of a call without leaks."""
    leaks = take_out_leaks(audio, (), options.bleed)
    return find_lanes(audio, (), options, LoudVad(), no_diarizer, leaks=leaks).lanes


def sound(kind, channel, start, end):
    return Sound(kind, '', channel, start, end, 1.0, '')


def close(spans, others, within):
    return total(subtract(spans, others)) + total(subtract(others, spans)) <= within


AGENT, CALLER = [(1.0, 4.0), (9.0, 12.0)], [(5.0, 8.0), (12.5, 14.0)]


def test_each_channel_is_a_lane_with_its_speech():
    audio = call(voice(AGENT, 15, 1), voice(CALLER, 15, 2))
    result = find_lanes(audio, (), OPTIONS, LoudVad(), no_diarizer)
    assert (result.lane_source, result.diarizer) == ('channel', None)
    assert [lane.channel for lane in result.lanes] == [0, 1]
    assert close(result.lanes[0].speech, AGENT, 0.2)
    assert close(result.lanes[1].speech, CALLER, 0.2)
    assert all(lane.bleed == () for lane in result.lanes)
    assert all(40 < lane.snr_db < 70 for lane in result.lanes)


@pytest.mark.parametrize('kind', ['ring', 'tone', 'hold', 'ivr'])
def test_ringing_and_music_are_cut_from_the_channel_they_were_heard_in(kind):
    audio = call(voice(AGENT, 15, 1), voice(AGENT, 15, 2))
    lanes = find_lanes(audio, [sound(kind, 0, 0.5, 4.5)], OPTIONS, LoudVad(), no_diarizer).lanes
    assert close(lanes[0].speech, AGENT[1:], 0.2)
    assert close(lanes[1].speech, AGENT, 0.2)
    lanes = find_lanes(audio, [sound(kind, None, 0.5, 4.5)], OPTIONS, LoudVad(), no_diarizer).lanes
    assert all(close(lane.speech, AGENT[1:], 0.2) for lane in lanes)


@pytest.mark.parametrize('db', [0.0, -2.5])
def test_the_same_audio_in_both_channels_is_a_mono_call(db):
    both = voice(AGENT + CALLER, 15, 1)
    diarizer = FakeDiarizer(*(('A', *s) for s in AGENT), *(('B', *s) for s in CALLER))
    stereo = find_lanes(call(both, both * 10 ** (db / 20)), (), OPTIONS, LoudVad(),
                        lambda: diarizer)
    mono = find_lanes(call(both), (), OPTIONS, LoudVad(), lambda: diarizer)
    assert stereo == mono
    assert (mono.lane_source, mono.diarizer) == ('diarized', 'fake')
    assert [lane.channel for lane in mono.lanes] == [0, 0]
    assert close(mono.lanes[0].speech, AGENT, 0.2) and close(mono.lanes[1].speech, CALLER, 0.2)


@pytest.mark.parametrize('change', [
    lambda x: np.roll(x, 40), lambda x: 0.72 * np.roll(x, -150),
    lambda x: x + np.random.default_rng(9).normal(0, 1e-3, len(x))])
def test_the_same_audio_delayed_or_coded_otherwise_is_a_mono_call(change):
    both = voice(AGENT + CALLER, 15, 1)
    diarizer = FakeDiarizer(*(('A', *s) for s in AGENT), *(('B', *s) for s in CALLER))
    mono = find_lanes(call(both), (), OPTIONS, LoudVad(), lambda: diarizer)
    for channels in ((both, change(both)), (change(both), both)):
        stereo = find_lanes(call(*channels), (), OPTIONS, LoudVad(), lambda: diarizer)
        assert stereo.lane_source == 'diarized'
        assert all(close(lane.speech, other.speech, 0.3)
                   for lane, other in zip(stereo.lanes, mono.lanes, strict=True))


@pytest.mark.parametrize('is_talk', [True, False])
def test_a_prompt_in_a_partys_voice_is_told_apart_again_as_talk(is_talk):
    audio = call(voice(AGENT + CALLER, 15, 1))
    diarizer = FakeDiarizer(*(('A', *s) for s in AGENT), *(('B', *s) for s in CALLER))
    prompt = replace(sound('ivr', 0, 0.5, 4.5), confidence=0.8)

    def ear(samples, rate, spans):
        return np.array([(float(is_talk or b > 4.5), float(not is_talk and b <= 4.5))
                         for _, b in spans])

    found = find_lanes(audio, [prompt], OPTIONS, LoudVad(), lambda: diarizer, 0, lambda: ear)
    assert found.sounds == (() if is_talk else (prompt,))
    heard = union(span for lane in found.lanes for span in lane.speech)
    assert (covered(AGENT[0], heard) > 2.5) == is_talk


@pytest.mark.parametrize('sure, is_known, is_talk', [
    (HEARD_ONCE, True, True), (HEARD_ONCE, False, False), (0.9, True, False)])
def test_an_announcement_heard_once_is_talk_in_the_voice_of_its_channels_party(
        sure, is_known, is_talk):
    audio = call(voice(AGENT, 15, 1), voice(CALLER, 15, 2))
    prompt = replace(sound('ivr', 0, 0.5, 4.5), confidence=sure)

    def ear(samples, rate, spans):
        return np.array([(float(is_known or b > 4.5), float(not is_known and b <= 4.5))
                         for _, b in spans])

    found = find_lanes(audio, [prompt], OPTIONS, LoudVad(), no_diarizer, 0, lambda: ear)
    assert found.sounds == (() if is_talk else (prompt,))
    assert close(found.lanes[0].speech, AGENT if is_talk else AGENT[1:], 0.2)


def test_of_the_same_audio_twice_the_louder_is_heard():
    both = voice(AGENT + CALLER, 15, 1)
    diarizer = FakeDiarizer(*(('A', *s) for s in AGENT), *(('B', *s) for s in CALLER))
    mono = find_lanes(call(both), (), OPTIONS, LoudVad(), lambda: diarizer)
    found = find_lanes(call(0.75 * both, both), (), OPTIONS, LoudVad(), lambda: diarizer)
    assert [replace(lane, channel=0) for lane in found.lanes] == list(mono.lanes)


@pytest.mark.parametrize('dead', [np.zeros(15 * RATE), voice([], 15, 3)])
def test_a_mix_of_both_parties_beside_a_dead_channel_is_a_mono_call(dead):
    both = voice(AGENT + CALLER, 15, 1)
    diarizer = FakeDiarizer(*(('A', *s) for s in AGENT), *(('B', *s) for s in CALLER))
    mono = find_lanes(call(both), (), OPTIONS, LoudVad(), lambda: diarizer)
    found = find_lanes(call(dead, both), (), OPTIONS, LoudVad(), lambda: diarizer)
    assert found.lane_source == 'diarized'
    assert [replace(lane, channel=0) for lane in found.lanes] == list(mono.lanes)


def test_a_dead_channel_beside_one_voice_is_a_lane_that_says_nothing():
    for dead in (np.zeros(15 * RATE), voice([], 15, 3)):
        result = find_lanes(call(voice(AGENT, 15, 1), dead), (), OPTIONS, LoudVad(),
                            lambda: FakeDiarizer(('A', 1.0, 12.0)))
        assert result.lane_source == 'channel'
        assert close(result.lanes[0].speech, AGENT, 0.2)
        assert (result.lanes[1].speech, result.lanes[1].bleed) == ((), ())


def test_a_silent_recording_has_two_lanes_without_speech_or_none():
    silent = np.zeros(5 * RATE)
    stereo = find_lanes(call(silent, silent), (), OPTIONS, LoudVad(), no_diarizer)
    assert [lane.speech for lane in stereo.lanes] == [(), ()]
    assert stereo.lane_source == 'channel'
    mono = find_lanes(call(silent), (), OPTIONS, LoudVad(), no_diarizer)
    assert mono == LaneResult((), None, None)


@pytest.mark.parametrize('delay_s', [0.0, 0.1, 0.2])
@pytest.mark.parametrize('loss_db', [15.0, 20.0, 25.0])
def test_the_other_party_leaking_in_is_bleed_and_not_speech(loss_db, delay_s):
    agent, caller = voice(AGENT, 15, 1), voice(CALLER, 15, 2)
    leak = np.roll(agent, round(delay_s * RATE)) * 10 ** (-loss_db / 20)
    lanes = parted(call(agent, caller + leak))
    assert close(lanes[0].speech, AGENT, 0.2)
    assert close(lanes[1].speech, CALLER, 0.4)
    assert covered((0.0, 15.0), lanes[1].bleed) > 5.0
    assert not intersect(lanes[1].speech, lanes[1].bleed)


def test_a_word_put_in_while_the_other_leaks_is_still_speech():
    word = [(2.0, 2.6)]
    agent, caller = voice(AGENT, 15, 1), voice([*word, *CALLER], 15, 2)
    lanes = parted(call(agent, caller + agent * 0.1))
    assert covered(word[0], lanes[1].speech) > 0.5
    assert close(lanes[1].speech, word + CALLER, 0.6)


@pytest.mark.parametrize('delay_s', [0.0, 0.01, 0.2])
def test_a_word_as_quiet_as_the_leak_under_it_is_still_speech(delay_s):
    word = [(2.0, 2.6)]
    agent, caller = voice(AGENT, 15, 1, -15), voice([*word, *CALLER], 15, 2, -35)
    leak = np.roll(agent, round(delay_s * RATE)) * 0.1
    lanes = parted(call(agent, caller + leak))
    assert covered(word[0], lanes[1].speech) > 0.5
    assert close(lanes[1].speech, word + CALLER, 0.8)


def test_a_quiet_voice_over_a_loud_one_is_no_bleed():
    loud, quiet = voice([(1.0, 14.0)], 15, 1, -15), voice([(3.0, 4.0), (6.0, 8.0)], 15, 2, -32)
    lanes = parted(call(loud, quiet))
    assert lanes[1].bleed == ()
    assert close(lanes[1].speech, [(3.0, 4.0), (6.0, 8.0)], 0.3)


def test_ringing_is_cut_before_diarization_and_times_stay_those_of_the_recording():
    audio = call(voice([(0.0, 4.0), (5.0, 8.0), (9.0, 12.0)], 15, 1))
    diarizer = FakeDiarizer(('B', 1.0, 4.0), ('A', 5.0, 8.0))  # in what is left: 4.0 to 15.0
    result = find_lanes(audio, [sound('ring', 0, 0.0, 4.0)], OPTIONS, LoudVad(), lambda: diarizer)
    assert diarizer.heard_s == pytest.approx(11.0)
    assert close(result.lanes[0].speech, [(5.0, 8.0)], 0.2)
    assert close(result.lanes[1].speech, [(9.0, 12.0)], 0.2)


def test_a_voice_found_across_a_cut_is_split_by_it():
    audio = call(voice([(1.0, 9.0)], 10, 1))
    diarizer = FakeDiarizer(('A', 1.0, 6.0))
    lanes = find_lanes(audio, [sound('tone', 0, 3.0, 5.0)], OPTIONS, LoudVad(),
                       lambda: diarizer).lanes
    assert close(lanes[0].speech, [(1.0, 3.0), (5.0, 8.0)], 0.2)
    assert lanes[1].speech == ()


def test_the_diarizer_says_who_and_the_detector_when():
    audio = call(voice([(1.0, 3.0), (5.0, 6.0)], 8, 1))
    diarizer = FakeDiarizer(('A', 0.0, 4.0), ('B', 4.5, 8.0))
    lanes = find_lanes(audio, (), OPTIONS, LoudVad(), lambda: diarizer).lanes
    assert close(lanes[0].speech, [(1.0, 3.0)], 0.1)
    assert close(lanes[1].speech, [(5.0, 6.0)], 0.1)


def test_a_second_agent_after_a_transfer_speaks_for_the_one_who_left():
    found = [('agent1', 0.0, 5.0), ('caller', 5.0, 15.0), ('agent1', 15.0, 20.0),
             ('agent2', 21.0, 24.0), ('caller', 24.0, 29.0), ('agent2', 29.0, 30.0)]
    first, second = two_parties(found)
    assert first == [[(0.0, 5.0), (15.0, 20.0)], [(21.0, 24.0), (29.0, 30.0)]]
    assert second == [[(5.0, 15.0), (24.0, 29.0)]]


def test_of_a_single_voice_the_other_party_says_nothing():
    assert two_parties([('A', 1.0, 2.0)]) == ([[(1.0, 2.0)]], [])
    assert two_parties([]) == ([], [])


def test_a_ring_after_somebody_spoke_is_a_transfer_and_brings_a_voice_more():
    audio = call(voice([(1.0, 4.0), (5.0, 8.0), (12.0, 15.0)], 16, 1))
    diarizer = FakeDiarizer(('A', 0.0, 4.5), ('B', 4.5, 9.0), ('C', 9.0, 13.0))
    rings = [sound('ring', 0, 0.0, 0.9), sound('ring', 0, 9.0, 10.0), sound('ring', 0, 10.5, 11.0)]
    lanes = find_lanes(audio, rings, OPTIONS, LoudVad(), lambda: diarizer).lanes
    assert diarizer.transfers == 1
    assert sorted(lane.voices for lane in lanes) == [(), (1, 2)]
    find_lanes(audio, rings[:1], OPTIONS, LoudVad(), lambda: diarizer)
    assert diarizer.transfers == 0
    find_lanes(audio, rings, OPTIONS, LoudVad(), lambda: diarizer, 2)
    assert diarizer.transfers == 2


spans = st.tuples(st.sampled_from('ABCD'), st.integers(0, 500), st.integers(1, 50)).map(
    lambda s: (s[0], s[1] / 10, (s[1] + s[2]) / 10))


@given(st.lists(spans, max_size=30))
def test_no_voice_is_lost_whoever_it_is_given_to(found):
    first, second = two_parties(found)
    everything = union((a, b) for _, a, b in found)
    assert total(union(span for voice in [*first, *second] for span in voice)) == pytest.approx(
        total(everything))
    assert len(first) + len(second) == len({label for label, _, _ in found})
    assert not second or first[0][0] <= second[0][0]


def test_the_least_overlap_decides_whether_a_likeness_is_chance():
    agent, caller = voice(AGENT, 15, 1), voice(CALLER, 15, 2)
    audio = call(agent, caller + agent * 0.1)
    shy = replace(OPTIONS, bleed=replace(OPTIONS.bleed, least_s=60.0))
    assert parted(audio, shy)[1].bleed == ()
