"""What call-ai-metrics, a peer of this program, makes of a two-channel call. For the bench only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tests.bench.overlap_score import Score, Seen
from transforms.conversation import Audio
from warehouse.records import AGENT, CALLER


@dataclass(frozen=True)
class PeerResult:
    """Its interruptions as `Seen` (`contested`: it names no outcome), its listening signals as a
    number for each party: it gives no times of them."""

    interruptions: tuple[Seen, ...]
    backchannels: dict[str, int]


def peer(audio: Audio, agent_channel: int) -> PeerResult:
    """Its verdict, with its own defaults: overlaps of more than 0.5 s interrupt."""
    from call_ai_metrics import analyze
    parties = (AGENT, CALLER) if agent_channel == 0 else (CALLER, AGENT)
    report = analyze([audio.window(0), audio.window(1)], sample_rate=audio.rate,
                     speakers=list(parties))
    cut = tuple(Seen('contested', i.by, i.time_s, i.time_s + i.overlap_s, i.overlap_s)
                for i in report.interruption_events)
    return PeerResult(cut, {who: report[who].backchannels for who in parties})


def count_score(true: Sequence[Seen], found: dict[str, int]) -> Score:
    """The best score that a mere number of listening signals of each party can stand for."""
    own = Counter(seen.speaker for seen in true if seen.label == 'backchannel')
    return Score(sum(min(own[who], number) for who, number in found.items()),
                 own.total(), sum(found.values()))
