"""Scenes in which one party speaks while the other does, each with its speaker's intention.

What is drawn, and from where:
* Overlap at an ordinary change of speaker: log-normal with median 0.205 s and mean 0.275 s, as
  between-speaker overlaps in Switchboard (Levinson & Torreira 2015), up to 0.7 s: who comes in
  earlier does not answer the last syllables any more. Durations of overlap are about log-normal
  (Laskowski 2012).
* Listening signals start anywhere from 0.5 s into the other's talk, who goes on for at least 0.4 s
  after; about one in eight falls into a breath, wholly or partly.
* Who is interrupted stops 0.2 to 1.2 s after the other came in, median 0.5 s: a voice needs about
  0.2 s to be stopped, and Schegloff 2000 finds most overlap resolved within a few syllables of
  0.15 to 0.25 s. At least one word and 0.35 s of the sentence stay unsaid.
* Who gives up has spoken for 0.35 to 2.5 s, median 0.8 s: shorter is no attempt to take the floor.
* A contest lasts 1.2 to 4 s and nobody breaks off: the sentences end, and half of those who ended
  first begin another one 0.12 to 0.45 s later.
* Dual starts come after at least 0.5 s of silence and within 0.35 s of each other, sigma 0.12 s
  (faster than one can hear and stop); one stops after 0.25 to 1.0 s.
* A completion is offered into a stall: a filler or 0.5 to 1.4 s of silence.
* Choral speech follows by 0.05 to 0.4 s.
* overlap_complete: the other is at its last phrase, 0.4 to 1.8 s before the end, median 0.8 s, and
  says it to the end while the newcomer goes on.
Half of the broken sentences break at the end of a word, half within one.
"""

from __future__ import annotations

import numpy as np

from tests.simulator.bank import Clip
from tests.simulator.draft import Draft, other
from tests.simulator.script import AGENT, Utterance

STATEMENT = {AGENT: 'agent', 'caller': 'caller'}
WEIGHTS = {
    'backchannel': 0.34, 'terminal': 0.08, 'interruption_taken': 0.15, 'interruption_failed': 0.11,
    'contested': 0.07, 'dual_start': 0.07, 'completion': 0.06, 'choral': 0.04,
    'overlap_complete': 0.08}
TERMINAL = (0.205, 0.766, 0.03, 0.7)  # median, sigma, bounds
REACTION = (0.5, 0.55, 0.2, 1.2)
ATTEMPT = (0.8, 0.6, 0.35, 2.5)
COMPLETED = (0.8, 0.35, 0.4, 1.8)
LEFT_S = 0.35


def play(draft: Draft, label: str, y: str) -> None:
    """Y makes a statement; what the other does in it has this label."""
    {'backchannel': backchannel, 'terminal': terminal, 'interruption_taken': taken,
     'interruption_failed': failed, 'contested': contested, 'dual_start': dual_start,
     'completion': completion, 'choral': choral,
     'overlap_complete': overlap_complete}[label](draft, y)


def long_of(who: str) -> str:
    return f'{STATEMENT[who]}_long'


def backchannel(draft: Draft, y: str) -> None:
    """One to three listening signals in a statement."""
    x = other(y)
    said = draft.turn(y, long_of(y))
    free = said.start_s + 0.5
    for _ in range(int(draft.rng.integers(1, 4))):
        index = draft.pick(x, 'backchannel')
        length = draft.clip(x, index).duration_s
        latest = said.end_s - length - 0.4
        if latest <= free:
            break
        start = draft.uniform(free, latest)
        signal = draft.say(x, index, start, gain_db=draft.uniform(-8, 0), signal=True)
        draft.overlap('backchannel', x, start, signal.end_s)
        free = signal.end_s + draft.uniform(0.8, 3.0)
    draft.floor = y
    if draft.chance(0.25):
        in_a_breath(draft, y)


def in_a_breath(draft: Draft, y: str) -> None:
    """Y takes a breath and goes on; the other signals in it, perhaps a little beyond it."""
    x, breath = other(y), draft.uniform(0.35, 0.9)
    index, start = draft.pick(x, 'backchannel'), draft.now_s + draft.uniform(0.05, 0.25)
    resumed = draft.turn(y, STATEMENT[y], after_s=breath)
    signal = draft.say(x, index, start, gain_db=draft.uniform(-8, 0), signal=True)
    draft.overlap('backchannel', x, resumed.start_s, signal.end_s)


def terminal(draft: Draft, y: str) -> None:
    """The other answers while the last syllables sound."""
    said = draft.turn(y, STATEMENT[y], long_of(y))
    answer_early(draft, said)


def answer_early(draft: Draft, said: Utterance) -> None:
    """The next speaker comes in over the end of what was said."""
    x = other(said.speaker)
    index = draft.pick(x, STATEMENT[x])
    longest = min(0.7, 0.4 * said.keep_s, 0.4 * draft.clip(x, index).duration_s)
    early = draft.lognormal(*TERMINAL[:3], longest)
    start = said.end_s - early
    draft.say(x, index, start)
    draft.overlap('terminal', x, start, said.end_s)
    draft.floor = x


def taken(draft: Draft, y: str) -> None:
    """The other comes in, Y breaks off in mid-sentence, the other goes on."""
    x = other(y)
    index = draft.pick(y, STATEMENT[y], long_of(y), least_s=2.4)
    clip = draft.clip(y, index)
    reaction = draft.lognormal(*REACTION[:3], min(1.2, clip.duration_s - LEFT_S - 0.8))
    onset = draft.uniform(0.7, max(0.75, clip.words[-1][0] - reaction - 0.05))
    stop = _break(draft, clip, onset, onset + reaction)
    start = draft.now_s + draft.gap()
    said = draft.say(y, index, start, stop)
    draft.say(x, draft.pick(x, STATEMENT[x], least_s=stop - onset + 1.2), start + onset,
              gain_db=draft.uniform(0, 4))
    draft.overlap('interruption_taken', x, start + onset, said.end_s)
    draft.floor = x


def failed(draft: Draft, y: str) -> None:
    """The other comes in and gives up; Y goes on."""
    x = other(y)
    index = draft.pick(y, long_of(y))
    clip, tried = draft.clip(y, index), draft.pick(x, STATEMENT[x])
    most = min(2.5, clip.duration_s - 2.0, draft.clip(x, tried).duration_s - LEFT_S)
    attempt = draft.lognormal(*ATTEMPT[:3], most)
    onset = draft.uniform(0.7, clip.duration_s - attempt - 1.0)
    keep = _break(draft, draft.clip(x, tried), 0.15, attempt)
    start = draft.now_s + draft.gap()
    draft.say(y, index, start, gain_db=draft.uniform(0, 2))
    gave_up = draft.say(x, tried, start + onset, keep, gain_db=draft.uniform(-2, 3))
    draft.overlap('interruption_failed', x, start + onset, gave_up.end_s)
    draft.floor = y


def contested(draft: Draft, y: str) -> None:
    """Both go on; who ends a sentence often begins the next one at once."""
    x = other(y)
    first = draft.turn(y, long_of(y))
    index = draft.pick(x, STATEMENT[x])
    left = draft.lognormal(1.7, 0.35, 1.2, min(4.0, first.keep_s - 1.0))
    start = first.end_s - left
    in_x = draft.say(x, index, start, gain_db=draft.uniform(1, 5))
    end = min(first.end_s, in_x.end_s)
    loser = y if in_x.end_s > first.end_s else x
    draft.floor = other(loser)
    if draft.chance(0.5):  # who ended first does not leave it at that
        resumed = draft.say(loser, draft.pick(loser, STATEMENT[loser]),
                            end + draft.uniform(0.12, 0.45))
        last = first if loser == x else in_x
        if resumed.start_s < last.end_s:
            end = min(resumed.end_s, last.end_s)
        draft.floor = loser if resumed.end_s > last.end_s else other(loser)
    draft.overlap('contested', x, start, end)


def overlap_complete(draft: Draft, y: str) -> None:
    """The other does not wait for the last phrase; Y says it all the same."""
    x = other(y)
    said = draft.turn(y, STATEMENT[y], long_of(y), least_s=2.2)
    early = draft.lognormal(*COMPLETED[:3], min(1.8, 0.45 * said.keep_s))
    draft.say(x, draft.pick(x, STATEMENT[x], least_s=early + 1.1), said.end_s - early)
    draft.overlap('overlap_complete', x, said.end_s - early, said.end_s)
    draft.floor = x


def dual_start(draft: Draft, y: str) -> None:
    """Both begin after a silence, one of them stops."""
    x = other(y)
    start = draft.now_s + draft.lognormal(0.9, 0.4, 0.5, 2.2)
    later = abs(float(np.clip(draft.rng.normal(0, 0.12), -0.35, 0.35)))
    goes_on, stops = (y, x) if draft.chance(0.5) else (x, y)
    starts = {y: start, x: start + later}
    index = draft.pick(stops, STATEMENT[stops])
    until = max(starts.values()) + draft.uniform(0.25, 1.0) - starts[stops]
    keep = _break(draft, draft.clip(stops, index), max(0.2, until - 0.3), until)
    yielded = draft.say(stops, index, starts[stops], keep)
    draft.say(goes_on, draft.pick(goes_on, STATEMENT[goes_on], long_of(goes_on)), starts[goes_on])
    draft.overlap('dual_start', x, start + later, yielded.end_s)
    draft.floor = goes_on


def completion(draft: Draft, y: str) -> None:
    """Y is at a loss for words, the other offers some, Y goes on."""
    x = other(y)
    index = draft.pick(y, long_of(y))
    words = draft.clip(y, index).words
    at = int(draft.rng.integers(4, len(words) - 3))
    start = draft.now_s + draft.gap()
    draft.say(y, index, start, words[at][1])
    offer = draft.pick(x, 'completion')
    if draft.chance(0.5):  # over the filler
        filler = draft.say(y, draft.pick(y, 'filler'), draft.now_s + draft.uniform(0.05, 0.3))
        offered = draft.say(x, offer, filler.start_s + draft.uniform(0.3, 0.7) * filler.keep_s)
        draft.overlap('completion', x, offered.start_s, min(filler.end_s, offered.end_s))
        draft.turn(y, STATEMENT[y])
        return
    offered = draft.say(x, offer, draft.now_s + draft.uniform(0.5, 1.4))
    over = draft.uniform(0.08, 0.6 * offered.keep_s)
    draft.turn(y, STATEMENT[y], after_s=-over)
    draft.overlap('completion', x, offered.end_s - over, offered.end_s)


def choral(draft: Draft, y: str) -> None:
    """Both say the same, the other a little later."""
    x = other(y)
    draft.turn(y, STATEMENT[y])
    index = draft.pick(y, 'choral')
    text = draft.clip(y, index).text
    same = [i for i, clip in enumerate(_clips(draft, x)) if clip.text == text]
    said = draft.say(y, index, draft.now_s + draft.uniform(0.15, 0.5))
    if same:
        echo = draft.say(x, same[0], said.start_s + draft.uniform(0.05, 0.4))
        draft.overlap('choral', x, echo.start_s, min(said.end_s, echo.end_s))
    draft.floor = y


def _clips(draft: Draft, who: str) -> tuple[Clip, ...]:
    from tests.simulator.bank import voices
    return voices()[draft.voice[who]].clips


def _break(draft: Draft, clip: Clip, low: float, at: float) -> float:
    """Where a clip is broken off: at that time, or in half of the calls at a word's end near it."""
    ends = [end for _, end, _ in clip.words[:-1] if low + 0.2 <= end <= at + 0.1]
    return ends[-1] if ends and draft.chance(0.5) else at
