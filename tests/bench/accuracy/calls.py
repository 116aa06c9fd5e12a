"""A simulated call and what was heard of it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.bench.ears import QUICK, hear
from tests.simulator import Knobs, draw, render
from tests.simulator.truth import Truth
from transforms.conversation import Audio, Conversation, Reference
from warehouse.records import Kpis

JITTER_S = 0.03  # error of an aligner's word times
WORDS = QUICK.with_name('provided.yaml')


@dataclass(frozen=True)
class Heard:
    """One call: its truth, its audio, and what the pipeline's steps made of it."""

    truth: Truth
    audio: Audio
    call: Conversation

    @property
    def kpis(self) -> Kpis:
        return self.call.kpis[0]

    def events(self, kind: str, label: str | None = None) -> list[tuple[float, float]]:
        return [(e.start_s, e.end_s) for e in self.call.events
                if e.kind == kind and label in (None, e.label)]


def heard(seed: int, knobs: Knobs, words: bool = False, told_agent: bool = True) -> Heard:
    """Draws, renders and hears a call.

    Args:
      words: a transcript with the words that were said lies beside the recording.
      told_agent: the manifest says which channel is the agent's.
    """
    script = draw(seed, knobs)
    call = render(script)
    with tempfile.TemporaryDirectory() as folder:
        transcript = Path(folder) / 'words.json'
        if words:
            transcript.write_text(json.dumps(call.whisperx(JITTER_S)))
        ref = Reference(
            f'simulated-{seed}', audio_uri=f'seed {seed}', language='en',
            agent_channel=call.truth.agent_channel if told_agent else None,
            direction=script.knobs.direction, transcript_uri=str(transcript) if words else None)
        return Heard(call.truth, call.audio, hear(call.audio, ref, str(WORDS if words else QUICK)))
