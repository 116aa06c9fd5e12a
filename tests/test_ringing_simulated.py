"""Ringing in simulated calls: every ring counted and placed, whatever the line does to it."""

from __future__ import annotations

import pytest

from tests.signals import OPTIONS
from tests.simulator import Knobs, draw, render
from transforms.conversation import Sound
from transforms.sounds import hear_sounds

SHORT = {'exchanges': 3, 'holds': 0, 'ring_starts_mid': False, 'layout': 'two_channel',
         'dead_air': 0}


def heard(seed: int, **knobs: object) -> tuple[list[Sound], list[float], list[float]]:
    """The rings heard, and when they and those of a transfer truly began."""
    call = render(draw(seed, Knobs(**{**SHORT, **knobs})))
    found = [s for s in hear_sounds(call.audio, OPTIONS) if s.kind == 'ring']
    return (found, [ring.start_s for ring in call.truth.rings],
            [ring.start_s for ring in call.truth.transfer_rings])


@pytest.mark.parametrize(('seed', 'knobs'), [
    (0, {'codec': 'gsm', 'snr_db': 15.0}),
    (1, {'codec': 'opus', 'snr_db': 15.0, 'loss': 0.1}),
    (2, {'codec': 'mp3', 'snr_db': 20.0, 'dc_offset': 0.05}),
    (3, {'codec': 'pcm_mulaw', 'snr_db': 10.0, 'noise': 'white'}),
    (4, {'codec': 'pcm_s16le', 'clip_db': 6.0, 'layout': 'mono'})])
def test_rings_are_counted_and_placed_on_any_line(seed, knobs):
    found, onsets, _ = heard(seed, ring_count=3, transfer=False, ivr='none', **knobs)
    assert [s.start_s for s in found] == pytest.approx(onsets, abs=0.1)
    assert [s.label for s in found] == ['ringback'] * 3


def test_the_rings_of_a_transfer_are_heard_too():
    found, onsets, later = heard(5, ring_count=2, transfer=True, ivr='none', codec='pcm_mulaw')
    assert later
    assert [s.start_s for s in found] == pytest.approx([*onsets, *later], abs=0.1)


@pytest.mark.parametrize('layout', ['two_channel', 'mono'])
def test_a_call_that_starts_at_the_answer_has_no_ring(layout):
    assert heard(6, ring_count=0, transfer=False, ivr='none', layout=layout)[0] == []


@pytest.mark.slow
@pytest.mark.parametrize('seed', range(20))
def test_any_simulated_call_has_the_rings_that_it_has(seed):
    found, onsets, later = heard(seed, ring_count=3, loss=0.05, snr_db=12.0)
    assert [s.start_s for s in found] == pytest.approx([*onsets, *later], abs=0.1)
