"""One channel: who speaks when, and which of the two is the agent."""

from __future__ import annotations

import wave
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from tests.bench.accuracy import FIRST, LAST, Pool
from tests.bench.accuracy.calls import heard
from tests.bench.ears import hear
from tests.simulator import Knobs
from transforms.conversation import Audio, Reference
from transforms.intervals import Span, intersect, total
from warehouse.records import AGENT, CALLER

SEEDS = {20: range(FIRST, LAST + 1, 10), 15: range(FIRST, LAST + 1, 2),  # by SNR in dB
         10: range(FIRST, LAST + 1, 10)}
COLLAR_S = 0.25

Spans = dict[str, list[Span]]


def mono(pool: Pool) -> dict[str, Any]:
    """Diarization error rates, and how often the agent is the agent."""
    found: dict[str, Any] = {'sample_der': round(sample_der(), 4), 'der': {}}
    for snr, seeds in SEEDS.items():
        rows = list(pool.map(_one, seeds, [snr] * len(seeds)))
        found['der'][str(snr)] = round(mean(row[0] for row in rows), 4)
        if snr == 15:
            found['roles'] = {
                'calls': len(rows), 'right': sum(row[1] for row in rows),
                'mean_confidence': round(mean(row[2] for row in rows), 3)}
    return found


def error_rate(true: Spans, found: Spans, duration_s: float) -> float:
    """The diarization error rate, overlap scored, names free; COLLAR_S around each true edge (its
    total width, as pyannote.metrics has it) left out."""
    from pyannote.core import Annotation, Segment, Timeline
    from pyannote.metrics.diarization import DiarizationErrorRate
    both = []
    for spans in (true, found):
        annotation = Annotation()
        for who, own in spans.items():
            for i, (start, end) in enumerate(own):
                annotation[Segment(start, end), f'{who}{i}'] = who
        both.append(annotation)
    return float(DiarizationErrorRate(collar=COLLAR_S)(
        *both, uem=Timeline([Segment(0, duration_s)])))


def sample_der() -> float:
    """On pyannote.audio's own sample, half a minute of two people on the telephone."""
    package = find_spec('pyannote.audio')
    assert package is not None and package.origin is not None
    folder = Path(package.origin).parent / 'sample'
    with wave.open(str(folder / 'sample.wav')) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        audio = Audio(samples[None], file.getframerate())
    true: Spans = {}
    for line in (folder / 'sample.rttm').read_text().splitlines():
        row = line.split()
        true.setdefault(row[7], []).append((float(row[3]), float(row[3]) + float(row[4])))
    return error_rate(true, parties(hear(audio, Reference('sample', audio_uri='sample'))),
                      audio.duration_s)


def parties(call: Any) -> Spans:
    """Each party's speech as it was heard."""
    return {who: [(e.start_s, e.end_s) for e in call.events
                  if e.kind == 'speech' and e.speaker == who and e.label != 'bleed']
            for who in (AGENT, CALLER)}


def _one(seed: int, snr_db: float) -> tuple[float, bool, float]:
    """A call's error rate, whether the agent is the agent, and how sure that is."""
    call = heard(seed, Knobs(codec='pcm_mulaw', snr_db=snr_db, layout='mono',
                             music_under_talk=False))
    true = {who: call.truth.talk(who) for who in (AGENT, CALLER)}
    found = parties(call.call)
    right = total(intersect(found[AGENT], true[AGENT])) > total(
        intersect(found[AGENT], true[CALLER]))
    return (error_rate(true, found, call.audio.duration_s), right,
            call.call.agent_lane_confidence or 0.0)
