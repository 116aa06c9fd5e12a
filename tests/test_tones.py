"""Ringing, busy signals and beeps are heard; voices and music are not taken for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.signals import (
    MUSIC,
    OPTIONS,
    RINGING,
    audio,
    music,
    ringing,
    silence,
    tone,
    voice,
    with_block,
)
from transforms.conversation import Audio, Sound
from transforms.sounds import hear_sounds

LEVEL = 0.05  # -26 dBFS, where exchanges send ringing
QUIET = LEVEL * 10 ** (-40 / 20)


def heard(sound: Audio) -> tuple[Sound, ...]:
    return hear_sounds(sound, OPTIONS)


def rings(sound: Audio) -> list[Sound]:
    """The rings; that nothing else was heard is asserted here, for every test."""
    found = heard(sound)
    assert {s.kind for s in found} <= {'ring'}, found
    return list(found)


@pytest.mark.parametrize('snr_db', [30, 15, 10])
@pytest.mark.parametrize('count', [1, 3, 6])
@pytest.mark.parametrize('country', RINGING)
def test_each_ring_of_each_country_is_counted_and_placed(country, count, snr_db):
    hz, cadence = RINGING[country]
    x, spans = ringing(hz, cadence, count)
    found = rings(audio(np.concatenate([silence(1.234), LEVEL * x, silence(0.5)]),
                        noise=LEVEL * 10 ** (-snr_db / 20), seed=count))
    assert [s.label for s in found] == ['ringback'] * count
    assert [s.start_s for s in found] == pytest.approx([1.234 + a for a, _ in spans], abs=0.03)
    assert [s.end_s for s in found] == pytest.approx([1.234 + b for _, b in spans], abs=0.05)


@settings(max_examples=40, deadline=None)
@given(low=st.floats(345, 480), apart=st.one_of(st.just(0.0), st.floats(20, 60)),
       on=st.floats(0.8, 2.4), off=st.floats(1.1, 6.0), count=st.integers(2, 5),
       lead=st.floats(0.2, 2.0))
def test_a_cadence_of_no_known_country_is_ringing_too(low, apart, on, off, count, lead):
    hz = (low, min(low + apart, 500.0)) if apart and low <= 470 else (low,)
    x, spans = ringing(hz, (on, off), count)
    found = rings(audio(np.concatenate([silence(lead), LEVEL * x]), noise=LEVEL / 10))
    assert [s.start_s for s in found] == pytest.approx([lead + a for a, _ in spans], abs=0.04)


NAMES = {
    'US': 'US, Canada or like', 'UK': 'UK, New Zealand', 'Japan': 'Japan or like',
    'Korea': 'Korea, Taiwan or like', 'China': 'China or like', 'Taiwan': 'Korea, Taiwan or like',
    'Hong Kong': 'Hong Kong or like', 'Indonesia': 'Indonesia, Germany', 'Singapore': 'Singapore',
    'Malaysia': 'Malaysia or like', 'Thailand': 'Thailand or like',
    'Philippines': 'Philippines or like', 'India': 'India or like',
    'Australia': 'Australia or like', 'South Africa': 'South Africa or like'}


@pytest.mark.parametrize('country', NAMES)
def test_the_evidence_gives_frequencies_cadence_and_the_countries_that_ring_so(country):
    hz, cadence = RINGING[country]
    x, _ = ringing(hz, cadence, rings=3)
    for ring in rings(audio(np.concatenate([silence(1), LEVEL * x]), noise=QUIET)):
        told = [float(f) for f in ring.evidence.split(' Hz')[0].split('+')]
        assert told == pytest.approx(hz, abs=1.5)
        assert NAMES[country] in ring.evidence
        assert 0.8 < ring.confidence <= 1


def test_ringing_of_no_known_country_is_not_named():
    x, _ = ringing((460, 490), (1.3, 2.2), rings=3)
    assert all('like' not in ring.evidence for ring in rings(audio(LEVEL * x, noise=QUIET)))


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(6))
@pytest.mark.parametrize('snr_db', [30, 15, 10, 6])
@pytest.mark.parametrize('country', list(RINGING)[:14])
def test_ringing_is_counted_and_placed_whatever_the_noise(country, snr_db, seed):
    rng = np.random.default_rng(seed)
    count, lead_s = int(rng.integers(1, 6)), float(rng.uniform(0.3, 3))
    x, spans = ringing(*RINGING[country], count)
    found = rings(audio(np.concatenate([silence(lead_s), LEVEL * x, 0.1 * voice(4, seed=seed)]),
                        noise=LEVEL * 10 ** (-snr_db / 20), seed=seed))
    assert [s.start_s for s in found] == pytest.approx([lead_s + a for a, _ in spans], abs=0.1)


@pytest.mark.parametrize('share', [0.05, 0.1])
@pytest.mark.parametrize('country', ['US', 'UK', 'Japan', 'Hong Kong', 'Indonesia'])
def test_lost_packets_part_no_ring(country, share):
    x, spans = ringing(*RINGING[country], rings=4)
    x = np.concatenate([silence(1), LEVEL * x]) + LEVEL / 6 * np.random.default_rng(1).normal(
        size=8000 + len(x))
    kept = np.random.default_rng(2).random(len(x) // 160 + 1) >= share
    found = rings(audio(x * np.repeat(kept, 160)[:len(x)]))
    assert [s.start_s for s in found] == pytest.approx([1 + a for a, _ in spans], abs=0.06)


@pytest.mark.parametrize('country', ['US', 'Japan', 'Indonesia', 'France'])
def test_a_ring_that_is_talked_over_is_counted_where_the_cadence_has_it(country):
    hz, cadence = RINGING[country]
    x, spans = ringing(hz, cadence, rings=4)
    x = np.concatenate([silence(1), LEVEL * x])
    first, last = round((1 + spans[2][0] - 0.3) * 8000), round((1 + spans[2][1] + 0.3) * 8000)
    x[first:last] += 0.7 * LEVEL * voice(6, seed=4)[:last - first]
    found = [s for s in heard(audio(x, noise=QUIET)) if s.kind == 'ring']
    assert [s.start_s for s in found] == pytest.approx([1 + a for a, _ in spans], abs=0.06)


@pytest.mark.parametrize('change', [lambda x: np.clip(20 * x, -0.9, 0.9), lambda x: x + 0.05,
                                    lambda x: x / 8])
def test_clipping_offset_and_a_low_level_change_no_ring(change):
    x, spans = ringing(*RINGING['UK'], rings=3)
    found = rings(audio(change(np.concatenate([silence(1), LEVEL * x])), noise=QUIET / 8))
    assert [s.start_s for s in found] == pytest.approx([1 + a for a, _ in spans], abs=0.03)


@pytest.mark.parametrize('country', RINGING)
@pytest.mark.parametrize('left_s', [0.25, 0.45])
def test_a_ring_cut_by_the_answer_still_counts(country, left_s):
    hz, cadence = RINGING[country]
    x, _ = ringing(hz, cadence, 2)
    cut = x[:round((sum(cadence) + left_s) * 8000)]
    found = rings(audio(np.concatenate([silence(0.7), LEVEL * cut, 0.1 * voice(6, seed=3)]),
                        noise=QUIET))
    assert len(found) == 2
    assert found[1].start_s == pytest.approx(0.7 + sum(cadence), abs=0.03)
    assert found[1].end_s == pytest.approx(0.7 + sum(cadence) + left_s, abs=0.1)


@pytest.mark.parametrize('country', RINGING)
@pytest.mark.parametrize('count', [1, 3])
def test_a_recording_that_starts_inside_a_ring_says_so(country, count):
    hz, cadence = RINGING[country]
    x, _ = ringing(hz, cadence, count)
    for lost_s in (0.2, 0.35, 0.45):
        begun = np.concatenate([LEVEL * x[round(lost_s * 8000):], 0.1 * voice(4)])
        assert ([s.label for s in rings(audio(begun, noise=QUIET))]
                == ['ringback_partial'] + ['ringback'] * (count - 1)), lost_s


def test_a_ring_in_both_channels_is_one_ring():
    x, _ = ringing(*RINGING['Indonesia'], rings=2)
    found = rings(audio(LEVEL * x, np.concatenate([silence(0.01), 0.3 * LEVEL * x]),
                        noise=QUIET / 4))
    assert [s.channel for s in found] == [None, None]


def test_a_ring_in_one_channel_names_it():
    x, _ = ringing(*RINGING['Indonesia'], rings=2)
    found = rings(audio(0.05 * voice(12), np.concatenate([silence(1), LEVEL * x]), noise=QUIET))
    assert [s.channel for s in found] == [1, 1]


def test_ringing_at_16_khz_is_heard_as_at_8():
    x, spans = ringing(*RINGING['Japan'], rings=3, rate=16000)
    found = rings(audio(LEVEL * x, rate=16000, noise=QUIET, telephone=False))
    assert [s.start_s for s in found] == pytest.approx([a for a, _ in spans], abs=0.03)


BUSY = {(480, 620): (.5, .25), (400,): (.375, .5, .75), (450,): (.35,),
        (425,): (.5, .75, .375, .2, .3)}


@pytest.mark.parametrize(('hz', 'on', 'off', 'label'), [
    (hz, on, on, 'congestion' if on <= 0.3 else 'busy') for hz, ons in BUSY.items() for on in ons])
def test_busy_and_congestion_are_one_sound_and_no_ring(hz, on, off, label):
    x, spans = ringing(hz, (on, off), 10)
    found = heard(audio(np.concatenate([silence(1), LEVEL * x]), noise=LEVEL / 10))
    assert [(s.kind, s.label) for s in found] == [('tone', label)]
    assert found[0].start_s == pytest.approx(1.0, abs=0.05)
    assert found[0].end_s == pytest.approx(1 + spans[-1][1], abs=0.05)


@pytest.mark.parametrize('on_s', [0.1, 0.25, 0.5])
def test_a_record_warning_beep_is_heard(on_s):
    x = np.concatenate([silence(1), tone((1400,), on_s), silence(3), tone((1400,), on_s),
                        silence(1)])
    found = heard(audio(LEVEL * x, noise=QUIET))
    assert [(s.kind, s.label) for s in found] == [('tone', 'record_beep')] * 2
    assert [s.start_s for s in found] == pytest.approx([1.0, 4.0 + on_s], abs=0.03)


@pytest.mark.parametrize('pitch_hz', [95.0, 130.0, 210.0, 330.0])
def test_a_voice_is_neither_ringing_nor_anything_else(pitch_hz):
    x = np.concatenate([0.08 * voice(60, seed=int(pitch_hz), pitch_hz=pitch_hz)])
    assert heard(audio(x, noise=QUIET)) == ()


@pytest.mark.parametrize('kind', MUSIC)
def test_music_holds_no_ring(kind):
    found = heard(audio(0.05 * music(kind, 60, seed=2), noise=QUIET))
    assert {s.kind for s in found} == {'hold'}


@pytest.mark.parametrize(('label', 'parts'), [
    ('dial_tone', [((350, 440), 12.0)]),
    ('dial_tone', [((425,), 5.0)]),
    ('sit', [((950,), .33), ((1400,), .33), ((1800,), .33)]),
    ('sit', [((914,), .274), ((1371,), .274), ((1777,), .38)]),
    ('fax_call', [((1100,), .5)]),
    ('fax_answer', [((2100,), 3.0)]),
    ('record_beep', [((950,), .4)]),
    ('beep', [((1000,), .25)]),
    ('dtmf', [((770, 1336), .1)])])
@pytest.mark.parametrize('snr_db', [30, 12])
def test_what_machines_send_is_told_and_neither_ringing_nor_music(label, parts, snr_db):
    x = np.concatenate([silence(1), *(tone(hz, on) for hz, on in parts), silence(2)])
    (found,) = heard(audio(LEVEL * x, noise=LEVEL * 10 ** (-snr_db / 20)))
    assert (found.kind, found.label) == ('tone', label)
    assert found.start_s == pytest.approx(1.0, abs=0.05)
    assert found.end_s == pytest.approx(1 + sum(on for _, on in parts), abs=0.06)


def test_how_many_keys_were_pressed_is_told_and_never_which():
    keys = [(697, 1209), (941, 1336), (852, 1477), (770, 1633), (697, 1336)]
    x = np.concatenate([silence(1), *(y for key in keys for y in (tone(key, .08), silence(.08))),
                        silence(2)])
    (found,) = heard(audio(LEVEL * x, noise=QUIET))
    assert (found.label, found.evidence) == ('dtmf', '5 keys pressed')


def test_two_tones_at_ringing_pitch_with_talk_between_are_no_ring():
    x = np.concatenate([silence(1), tone((425,), 0.65), voice(4, seed=9), tone((425,), 0.65),
                        silence(1)])
    assert heard(audio(LEVEL * x, noise=QUIET)) == ()


@settings(max_examples=15, deadline=None)
@given(block_s=st.floats(1.1, 40.0))
def test_the_length_of_a_block_changes_no_result(block_s):
    x, _ = ringing(*RINGING['UK'], rings=3)
    sound = audio(np.concatenate([silence(0.5), LEVEL * x, 0.1 * voice(5), LEVEL * music('band', 9),
                                  0.1 * voice(4)]), noise=QUIET)
    found, usual = hear_sounds(sound, with_block(block_s)), heard(sound)
    assert ([(s.kind, s.start_s, s.end_s) for s in found if s.kind == 'ring']
            == [(s.kind, s.start_s, s.end_s) for s in usual if s.kind == 'ring'])
    (hold,), (usual_hold,) = ([s for s in f if s.kind == 'hold'] for f in (found, usual))
    assert hold.start_s == pytest.approx(usual_hold.start_s, abs=0.3)
    assert hold.end_s == pytest.approx(usual_hold.end_s, abs=0.3)


@pytest.mark.parametrize('frames', [0, 1, 100, 3000])
def test_a_recording_of_almost_nothing_is_heard_without_complaint(frames):
    assert heard(Audio(np.zeros((2, frames), np.int16), 8000)) == ()
