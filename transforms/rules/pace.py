"""How fast the agent speaks, turn by turn."""

from __future__ import annotations

from functools import lru_cache

from transforms.rates import count_units, rate_unit
from transforms.rules.scene import Scene
from warehouse.records import AGENT


@lru_cache(maxsize=1)  # more than one rule asks, of one call after the other
def agent_rates(scene: Scene) -> list[tuple[int, float]]:
    """Of each of the agent's turns: its words (ko: syllables; ja, zh: characters), and how many of
    them come to a minute of its speech, 0.0 where there is none."""
    syllables, talk = rate_unit(scene.language) == 'syllable', scene.coverage[AGENT]
    out = []
    for turn in scene.agent_turns:
        count = count_units(turn.text.split(), 'syllable') if syllables else turn.word_count
        spoken_s = talk.voiced_s(turn.start_s, turn.end_s)
        out.append((count, 60 * count / spoken_s if spoken_s > 0 else 0.0))
    return out
