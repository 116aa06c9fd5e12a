"""Plays a script into two lanes and notes, from the sample positions, what is true of it."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from script import BACKCHANNEL, TAKEN, Inside, Music, Quiet, Ring, Say, Script
from sounds import RATE, RINGBACK, hold_music, line_noise, ringing
from voices import Speech, speak

RING_DB, MUSIC_DB = -20.0, -23.0  # RMS while they sound
BEFORE_MUSIC_S = 0.7
CUT_BY_ANSWER_S = 0.05  # ringing is over this long before the first word


@dataclass(frozen=True)
class Line:
    """A text without its marks; the positions are word indices."""

    text: str
    entries: tuple[int, ...]  # where the other party comes in
    acts: tuple[tuple[str, int], ...]
    keep_words: int | None  # the speaker breaks off after so many


def read_line(marked: str) -> Line:
    """Takes the marks `{act}`, `<` and `|` out of a text."""
    words: list[str] = []
    entries: list[int] = []
    acts: list[tuple[str, int]] = []
    keep = None
    for token in marked.split():
        if token == '<':
            entries.append(len(words))
        elif token == '|':
            keep = len(words)
        elif act := re.fullmatch(r'{(\w+)}', token):
            acts.append((act[1], len(words)))
        else:
            words.append(token)
    return Line(' '.join(words), tuple(entries), tuple(acts), keep)


class Stage:
    """The recording as far as it is played: `now_s` is where what was heard last ended."""

    def __init__(self, script: Script):
        self.script = script
        self.now_s = script.lead_s
        self.turns: list[dict[str, Any]] = []
        self.backchannels: list[dict[str, Any]] = []
        self.overlaps: list[dict[str, Any]] = []
        self.closing: list[dict[str, Any]] = []
        self.holds: list[dict[str, Any]] = []
        self.dead_air: list[dict[str, Any]] = []
        self.segments: list[dict[str, Any]] = []  # turns and backchannels with their words
        self.ring: Ring | None = None
        self.ring_onsets_s: list[float] = []
        self._pieces: list[tuple[str, float, np.ndarray]] = []  # lane, start_s, samples
        self._rng = np.random.default_rng(zlib.crc32(script.call_id.encode()))
        for step in script.steps:
            self._play(step)

    def lanes(self) -> np.ndarray:
        """Shape (2, samples) at 16 kHz, agent first, full scale 1.0, each with its own floor."""
        length_s = self.script.silent_s or self.now_s + self.script.tail_s
        out = np.stack([line_noise(round(length_s * RATE), self._rng) * 10 ** (db / 20)
                        for db in (self.script.agent_floor_db, self.script.caller_floor_db)])
        for lane, start_s, samples in self._pieces:
            at = round(start_s * RATE)
            out[int(lane == 'caller'), at:at + len(samples)] += samples
        return out

    def _play(self, step: Say | Ring | Music | Quiet) -> None:
        if isinstance(step, Say):
            self._say(step)
        elif isinstance(step, Ring):
            self._ring(step)
        elif isinstance(step, Music):
            start_s = self.now_s + BEFORE_MUSIC_S
            self._put(step.lane, start_s, hold_music(step.duration_s, self._rng), MUSIC_DB)
            self.now_s = start_s + step.duration_s
            self.holds.append({'start_s': start_s, 'end_s': self.now_s, 'label': 'music'})
        else:
            silence = {'start_s': self.now_s, 'end_s': self.now_s + step.duration_s}
            self.now_s = silence['end_s']
            if step.kind == 'announced':
                self.holds.append({**silence, 'label': 'announced'})
            else:
                self.dead_air.append(silence)

    def _ring(self, step: Ring) -> None:
        period_s = RINGBACK[step.country].period_s
        first_s = self.now_s if not step.skip_s else -step.skip_s
        answer_s = (step.rings - 1) * period_s + step.answer_s
        tone = ringing(step.country, step.rings, answer_s - CUT_BY_ANSWER_S, step.skip_s)
        for lane in step.lanes:
            self._put(lane, max(0.0, first_s), tone, RING_DB)
        self.ring = step
        self.ring_onsets_s = [max(0.0, first_s + ring * period_s) for ring in range(step.rings)]
        self.now_s = first_s + answer_s

    def _say(self, step: Say) -> None:
        line = read_line(step.text)
        speech = speak(self._voice(step.who), line.text, line.keep_words)
        start_s = self.now_s + step.after_s
        if step.after_s < 0:
            self.overlaps.append({'start_s': start_s, 'end_s': self.now_s, 'by': step.who,
                                  'class': 'terminal'})
        self.turns.append(self._utter(step.who, speech, start_s))
        self.closing += [{'act': act, 'start_s': start_s + speech.words[word][1],
                          'speaker': step.who} for act, word in line.acts]
        self.now_s = start_s + speech.duration_s
        other = 'caller' if step.who == 'agent' else 'agent'
        for entry, inside in zip(line.entries, step.inside, strict=True):
            self._come_in(other, inside, start_s + speech.words[entry][1],
                          start_s + speech.duration_s)

    def _come_in(self, who: str, inside: Inside, start_s: float, floor_end_s: float) -> None:
        speech = speak(self._voice(who), inside.text)
        end_s = start_s + speech.duration_s
        heard = self._utter(who, speech, start_s)
        (self.backchannels if inside.kind == BACKCHANNEL else self.turns).append(heard)
        self.overlaps.append({'start_s': start_s, 'end_s': min(end_s, floor_end_s), 'by': who,
                              'class': inside.kind})
        if (inside.kind == TAKEN) != (end_s > floor_end_s):
            raise ValueError(f'{self.script.call_id}: {inside.text!r} is no {inside.kind}')
        self.now_s = max(self.now_s, end_s)

    def _utter(self, who: str, speech: Speech, start_s: float) -> dict[str, Any]:
        level = self.script.agent_db if who == 'agent' else self.script.caller_db
        self._put(who, start_s, speech.samples, level)
        words = [{'word': text, 'start': start_s + start, 'end': start_s + end}
                 for text, start, end in speech.words]
        text = ' '.join(word for word, _, _ in speech.words)
        span = {'start_s': start_s, 'end_s': start_s + speech.duration_s}
        self.segments.append({**span, 'text': text, 'speaker': who, 'words': words})
        return {'speaker': who, **span, 'text': text}

    def _voice(self, who: str) -> str:
        return self.script.agent if who == 'agent' else self.script.caller

    def _put(self, lane: str, start_s: float, samples: np.ndarray, level_db: float) -> None:
        self._pieces.append((lane, start_s, samples * 10 ** (level_db / 20)))


def spoken_signoff(acts: list[str]) -> str:
    """further_help, then thanks or a wish, then farewell: how much of it, and in that order."""
    thanks = [act for act in acts if act in ('thanks', 'wish')]
    found = [step for step in ('further_help', *thanks[:1], 'farewell') if step in acts]
    if not found:
        return 'missing'
    if len(found) < 3:
        return 'partial'
    return 'in_order' if found == sorted(found, key=acts.index) else 'out_of_order'


def truth_of(stage: Stage, sample_rate_hz: int) -> dict[str, Any]:
    """The call's entry in truth.json."""
    script, ring = stage.script, stage.ring
    turns = sorted(stage.turns, key=lambda turn: turn['start_s'])
    acts = list(dict.fromkeys(act['act'] for act in stage.closing))
    answer_s = next((t['start_s'] for t in turns if t['speaker'] == 'agent'), 0.0)
    onsets = stage.ring_onsets_s

    def count(spans: list[dict[str, Any]], who: str, *classes: str) -> int:
        return sum(span['by'] == who and span['class'] in classes for span in spans)

    interruptions = ('interruption_taken', 'interruption_failed')
    source = 'audio_partial' if ring and ring.skip_s else 'audio' if ring else None
    heard = {'onsets_s': onsets, 'count': len(onsets) or None,
             'to_answer_s': answer_s - onsets[0] if source == 'audio' else None,
             'at_least_s': answer_s if source == 'audio_partial' else None,
             'source': source, 'country': ring.country if ring else None,
             'lanes': list(ring.lanes) if ring else []}
    if 'ringing_at' in script.manifest:
        rang_at, answered_at = (datetime.fromisoformat(script.manifest[name])
                                for name in ('ringing_at', 'answered_at'))
        heard |= {'to_answer_s': (answered_at - rang_at).total_seconds(), 'source': 'metadata'}
    return rounded({
        'turns': turns,
        'backchannels': sorted(stage.backchannels, key=lambda said: said['start_s']),
        'ring': heard,
        'holds': stage.holds,
        'overlaps': sorted(stage.overlaps, key=lambda overlap: overlap['start_s']),
        'dead_air': stage.dead_air,
        'closing': stage.closing,
        'signoff_order': None if script.silent_s else ','.join(acts),
        'signoff_spoken': None if script.silent_s else spoken_signoff(acts),
        'agent_interruptions': count(stage.overlaps, 'agent', *interruptions),
        'caller_interruptions': count(stage.overlaps, 'caller', *interruptions),
        'agent_backchannels': count(stage.overlaps, 'agent', BACKCHANNEL),
        'caller_backchannels': count(stage.overlaps, 'caller', BACKCHANNEL),
        'agent_channel': None if script.mono or script.silent_s else script.agent_channel,
        'sample_rate_hz': sample_rate_hz,
        'duration_s': script.silent_s or stage.now_s + script.tail_s,
        'mono': script.mono,
        'silent': script.silent_s is not None,
        'voices': {'agent': script.agent, 'caller': script.caller},
    })


def rounded(value: Any) -> Any:
    """The same with every number of seconds to the millisecond."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
