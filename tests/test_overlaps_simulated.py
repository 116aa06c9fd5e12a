"""Overlaps of simulated calls, from the samples on: calls that the thresholds were fitted on.

The bench (`python -m tests.bench --only accuracy`) has the figures of calls that nothing was
fitted on.
"""

import pytest

from tests.bench.accuracy.overlaps import COLLARED, scored, summed

pytestmark = pytest.mark.slow
LEAST = {'without_words': 0.65, 'with_words': 0.85}


@pytest.fixture(scope='module')
def rows():
    return [scored(seed) for seed in range(20)]


@pytest.mark.parametrize('who', LEAST)
def test_interruptions_and_listening_signals_are_told_apart_at_15_db(rows, who):
    figures = summed(row[who] for row in rows)
    for kind in (COLLARED, 'backchannel'):
        assert figures[kind]['intended'] >= 15
        assert min(figures[kind]['precision'], figures[kind]['recall']) >= LEAST[who]
