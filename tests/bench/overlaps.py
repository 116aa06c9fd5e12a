"""How well overlaps are told on simulated two-channel calls, beside a peer on the same calls.

    python -m tests.bench.overlaps [--first 1000] [--last 1199] [--snr 15] [--everything] [--words]

`--everything` draws bleed, clipping, packet loss, offset and the kind of noise from the seed as
well; without it the line is a clean one with pink noise. `--words` gives the true words.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from pipeline.graph import way_of
from pipeline.run import plan_of
from pipeline.settings import load_settings
from tests.bench.overlap_score import (
    COLLAR_S,
    COUNTED,
    Score,
    Seen,
    confusion,
    detected,
    intended,
    scores,
    table,
)
from tests.bench.peer import count_score, peer
from tests.conftest import QUICK
from tests.simulator import Call, Knobs, draw, render
from transforms import levels
from transforms.conversation import Conversation, Reference, RunContext
from warehouse.records import Words

HEADLINE_S = 0.5
CLEAN = {'bleed_db': float('-inf'), 'clip_db': 0.0, 'loss': 0.0, 'dc_offset': 0.0,
         'noise': 'pink', 'music_under_talk': False}


@dataclass
class Figures:
    """Scores summed over calls, by name, and the confusion matrix."""

    calls: int = 0
    scores: dict[str, Score] = field(default_factory=dict)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, name: str, score: Score) -> None:
        self.scores[name] = self.scores[name] + score if name in self.scores else score

    def count(self, true: list[Seen], found: list[Seen]) -> None:
        """Takes a call in."""
        self.calls += 1
        for name, score in scores(true, found, HEADLINE_S).items():
            self.add(name, score)
        self.add(f'{COUNTED}, collar {COLLAR_S} s',
                 scores(true, found, HEADLINE_S, COLLAR_S)[COUNTED])
        self.confusion += confusion(true, found)

    def as_rows(self) -> dict[str, dict[str, float | int | None]]:
        return {name: {'precision': score.precision, 'recall': score.recall,
                       'intended': score.intended, 'detected': score.detected}
                for name, score in self.scores.items()}


def main() -> None:
    parser = argparse.ArgumentParser(prog='python -m tests.bench.overlaps')
    parser.add_argument('--first', type=int, default=1000)
    parser.add_argument('--last', type=int, default=1199)
    parser.add_argument('--snr', type=float, default=15.0)
    parser.add_argument('--everything', action='store_true')
    parser.add_argument('--words', action='store_true')
    args = parser.parse_args()
    seeds = range(args.first, args.last + 1)
    ours = measure(calls(seeds, args.snr, {} if args.everything else CLEAN), words=args.words,
                   beside=True)
    print(json.dumps({'calls': ours.calls, **ours.as_rows()}, indent=1))
    print(table(ours.confusion))


def calls(seeds: Iterable[int], snr_db: float, line: dict) -> Iterator[Call]:
    """Two-channel mu-law calls of these seeds."""
    for seed in seeds:
        yield render(draw(seed, Knobs(codec='pcm_mulaw', snr_db=snr_db, layout='two_channel',
                                      **line)))


def measure(given: Iterable[Call], *, words: bool = False, beside: bool = False) -> Figures:
    """The figures of some calls; with `beside`, a peer's on the same calls as well."""
    judge, out = judging(words), Figures()
    for call in given:
        judged, true = judge(call), intended(call.truth)
        known = judged.lane_source == 'channel'
        out.count(true, detected(judged.events, judged.turns) if known else [])
        if beside:
            other = peer(call.audio, call.truth.agent_channel or 0)
            for name, collar_s in (('', 0.0), (f', collar {COLLAR_S} s', COLLAR_S)):
                out.add(f'call-ai-metrics: {COUNTED}{name}',
                        scores(true, other.interruptions, HEADLINE_S, collar_s)[COUNTED])
            out.add('call-ai-metrics: backchannel, by count',
                    count_score(true, other.backchannels))
    return out


def judging(words: bool) -> Callable[[Call], Conversation]:
    """The pipeline's own stages from listening to judging, without a transcriber."""
    settings = load_settings(str(QUICK))
    plan = plan_of(settings, RunContext('', '', 'bench', '', settings.timezone))
    skipped = ('admit', 'decode', 'transcribe', 'land')
    way = [(name, load()) for name, load in way_of(plan) if name not in skipped]

    def judge(call: Call) -> Conversation:
        levels.take_out_offset(call.audio)
        ref = Reference(f'sim-{call.script.seed}', agent_channel=call.truth.agent_channel,
                        direction=call.script.knobs.direction, language='en')
        out = Conversation(ref, audio=call.audio, duration_s=call.audio.duration_s,
                           sample_rate_hz=call.audio.rate, channels=call.audio.channels)
        for name, stage in way:
            if name == 'redact' and words and out.lanes:
                out = with_words(out, call)
            out = stage(out)
        return out

    return judge


def with_words(heard: Conversation, call: Call) -> Conversation:
    """The conversation with the words that the script has, as a provided transcript."""
    lanes = list(heard.lanes)
    for who, said in call.truth.words.items():
        agent = heard.agent_lane or 0
        index = agent if who == 'agent' else 1 - agent
        number = len(said)
        lanes[index] = replace(lanes[index], words=Words(
            tuple(word.start_s for word in said), tuple(word.end_s for word in said),
            tuple(word.text for word in said), (None,) * number, ('aligned',) * number,
            (-1,) * number, ('',) * number))
    return replace(heard, lanes=tuple(lanes), language='en', transcriber='provided',
                   transcript_trust='ok')


if __name__ == '__main__':
    main()
