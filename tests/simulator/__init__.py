"""Simulated calls with known truth: `render(draw(seed))`.

The truth is what the script intends, not what a threshold would say. Thresholds are fitted on
seeds 0 to 99; figures are reported on seeds 1000 to 1199.
"""

from tests.simulator.draw import draw
from tests.simulator.render import Call, render
from tests.simulator.script import Knobs, Script, clean
from tests.simulator.truth import Truth

__all__ = ['Call', 'Knobs', 'Script', 'Truth', 'clean', 'draw', 'render']
