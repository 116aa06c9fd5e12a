import numpy as np
import pytest

from tests.standard_for_tests import default_standard
from transforms.conversation import Audio, Lane
from transforms.delivery import Loudness, ends
from transforms.levels import pitch_of
from transforms.talk import end_of

RATE = 8000


def voiced(hz):
    """A buzz of this pitch contour (one value a sample), like a voice's source."""
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    return sum(np.sin(k * phase) / k for k in range(1, 12))


def recording(*lanes):
    samples = np.stack(lanes)
    return Audio(np.round(6000 * samples).astype(np.int16), RATE)


def melody(end_hz):
    """Four seconds that wander from 120 to 180 Hz and go to `end_hz` in the last third of one."""
    at = np.arange(4 * RATE) / RATE
    return np.where(at < 3.65, 150 + 30 * np.sin(2 * np.pi * at), end_hz)


@pytest.mark.parametrize('end_hz, low, high', [(118, 0.0, 0.15), (150, 0.3, 0.7), (185, 0.85, 1)])
def test_how_far_a_voice_has_fallen_is_measured_where_the_other_speaks(end_hz, low, high):
    audio = recording(np.concatenate([voiced(melody(end_hz)), np.zeros(2 * RATE)]),
                      np.zeros(6 * RATE))
    lane, standard = Lane(0, ((0.0, 2.0), (2.1, 4.0))), default_standard()
    pitch = pitch_of(audio, 0, lane.speech)
    told = ends(lane, Lane(1, ((3.5, 6.0),)), pitch, standard)
    assert list(told) == [(2.1, 4.0)]
    assert low <= end_of(told[2.1, 4.0]) <= high
    assert ends(lane, Lane(1, ((4.5, 6.0),)), pitch, standard) == {}


def test_too_little_voice_has_no_range():
    audio = recording(voiced(np.full(RATE, 150.0)), np.zeros(RATE))
    lane = Lane(0, ((0.0, 0.9),))
    assert ends(lane, Lane(1, ((0.5, 1.0),)), pitch_of(audio, 0, lane.speech),
                default_standard()) == {}


def test_evidence_of_something_else_tells_no_end():
    assert end_of(None) is end_of('leaked') is None


def test_loudness_is_against_the_speech_of_the_lane_not_its_pauses():
    lane = np.concatenate([voiced(np.full(4 * RATE, 150.0)), np.zeros(8 * RATE),
                           2 * voiced(np.full(RATE // 10, 150.0)), np.zeros(RATE)])
    louder = Loudness(recording(lane, lane), Lane(0, ((0.0, 4.0), (12.0, 12.1))))
    assert louder((12.0, 12.1)) == pytest.approx(6.0, abs=0.5)
    assert louder((0.0, 1.0)) == pytest.approx(0.0, abs=0.5)
    assert louder((5.0, 6.0)) is None
