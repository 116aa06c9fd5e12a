"""Overlaps of simulated calls, from the samples on: calls that the thresholds were fitted on.

The bench (`python -m tests.bench.overlaps`) has the figures of calls that nothing was fitted on.
"""

import pytest

from tests.bench.overlap_score import COLLAR_S, COUNTED
from tests.bench.overlaps import CLEAN, calls, measure

pytestmark = pytest.mark.slow
COLLARED = f'{COUNTED}, collar {COLLAR_S} s'


@pytest.mark.parametrize('words, least', [(False, 0.75), (True, 0.85)])
def test_interruptions_and_listening_signals_are_told_apart_at_15_db(words, least):
    figures = measure(calls(range(20), 15.0, CLEAN), words=words).scores
    for score in (figures[COLLARED], figures['backchannel']):
        assert score.intended >= 15
        assert score.precision >= least and score.recall >= least
