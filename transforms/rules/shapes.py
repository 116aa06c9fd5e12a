"""The few shapes behind most rules: an act is said, avoided, follows, comes before; a limit.

A rule of the standard names its shape and gives the arguments, for example
`{decide: say, act: greeting, window: opening}`. Results follow one table: what was heard was said;
that something was not heard proves something only where `Scene.unchecked` finds nothing missing.
"""

from __future__ import annotations

from collections.abc import Sequence

from transforms.intervals import Span
from transforms.rules.options import ActName, Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.verdict import (
    PASS,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    shared,
    unknown,
)
from warehouse.records import AGENT, CALLER, Event


@decider
def say(scene: Scene, *, act: ActName, window: str) -> Verdict:
    """Passes where the act is said in the window."""
    return said_in(scene, act, *scene.window(window))


@decider
def avoid(scene: Scene, *, act: ActName, window: str) -> Verdict:
    """Fails where the act is said in the window, surely enough."""
    start, end = scene.window(window)
    return avoided_in(scene, act, start, end)


@decider
def after(scene: Scene, *, trigger: ActName, act: ActName, within_s: Seconds,
          pair_min: Share) -> Verdict:
    """Passes where the act follows each saying of the trigger within so many seconds."""
    return paired(scene, scene.said(trigger), trigger, act, 0.0, within_s, pair_min)


@decider
def before(scene: Scene, *, trigger: ActName, act: ActName, within_s: Seconds,
           pair_min: Share) -> Verdict:
    """Passes where the act comes before each saying of the trigger, by at most so many seconds."""
    return paired(scene, scene.said(trigger), trigger, act, within_s, 0.0, pair_min)


def said_in(scene: Scene, act: str, start_s: float, end_s: float, *,
            missing: str | None = None) -> Verdict:
    """SAY: an act between two instants. `missing` is the reason of a fail."""
    found = scene.said(act, start_s, end_s)
    if found:
        return passed(f'{_name(act)} was said', found[0])
    why = scene.unchecked(act, start_s, end_s)
    if why:
        return unknown(why)
    return failed(missing or f'{_name(act)} was not said', span=(start_s, end_s),
                  speaker=scene.phrasebook.acts[act].speaker)


def avoided_in(scene: Scene, act: str, start_s: float, end_s: float) -> Verdict:
    """AVOID: an act that is not to be said between two instants."""
    heard = [hit for hit in scene.said(act, start_s, end_s) if is_sure(scene, hit)]
    if heard:
        return failed(f'{_name(act)} was said', heard[0])
    if scene.said(act, start_s, end_s):
        return unknown(f'{_name(act)} may have been said')
    why = scene.unchecked(act, start_s, end_s)
    return unknown(why) if why else passed(f'{_name(act)} was not said')


def paired(scene: Scene, triggers: list[Event], trigger: str, act: str | tuple[str, ...],
           before_s: float, after_s: float, pair_min: float) -> Verdict:
    """AFTER and BEFORE: an act within so many seconds before the trigger starts or after it ends;
    of several acts any will do.

    `score` is the share of the decided triggers that have it.
    """
    acts = (act,) if isinstance(act, str) else act
    if not triggers:
        return absent(scene, trigger, f'no {_name(trigger)}')
    passes, fails, why, missed = 0, 0, '', triggers[0]
    for hit in triggers:
        start = hit.start_s - before_s
        end = hit.end_s + after_s if after_s else hit.start_s
        if any(found is not hit for one in acts for found in scene.said(one, start, end)):
            passes += 1
            continue
        gap = scene.any_unchecked(acts, start, end)
        if gap:
            why = gap
            continue
        missed = hit if not fails else missed
        fails += 1
    if not passes + fails:
        return unknown(why)
    wanted = ' or '.join(map(_name, acts))
    return shared(passes, fails, pair_min, f'{_name(trigger)} with {wanted}', missed)


def absent(scene: Scene, act: str | Sequence[str], why: str, span: Span | None = None) -> Verdict:
    """Nothing to judge, for an act was not said, in the call or a span of it: not applicable,
    unless it may have been said unheard. Of several acts any would have been something to judge.
    """
    start_s, end_s = span or (0.0, scene.call.duration_s)
    gap = scene.unchecked(act, start_s, end_s) if isinstance(act, str) else \
        scene.any_unchecked(act, start_s, end_s)
    return unknown(gap) if gap else not_applicable(why)


def graded(parts: Sequence[tuple[str, float, Verdict]], least: float, whole: str, broken: str,
           at: Event) -> Verdict:
    """The verdict of a rule of several parts (name, weight, verdict): `score` is the share of the
    weights whose parts are kept, enough from `least` on. Unknown where a part is.

    Args:
      whole, broken: the reason where no part is missing, and what comes before those that are.
    """
    for _, _, part in parts:
        if part.result == UNKNOWN:
            return unknown(part.why)
    missing = [name for name, _, part in parts if part.result != PASS]
    score = sum(weight for _, weight, part in parts if part.result == PASS) \
        / sum(weight for _, weight, _ in parts)
    decide = passed if score >= least else failed
    return decide(f'{broken} {" and ".join(missing)}' if missing else whole, at, score=score)


def limit(value: float | None, why: str, *, low: float | None = None, high: float | None = None,
          tol: float = 0.0, span: tuple[float, float] | None = None,
          missing: str = 'it cannot be measured') -> Verdict:
    """LIMIT: a value within bounds, whose error is `tol`; unknown where a bound lies in it."""
    if value is None:
        return unknown(missing)
    if (high is not None and value - tol > high) or (low is not None and value + tol < low):
        return failed(why, span=span)
    if (high is None or value + tol <= high) and (low is None or value - tol >= low):
        return passed(why, span=span)
    return unknown(f'{why}: too near to the limit to tell')


def is_sure(scene: Scene, hit: Event) -> bool:
    """Whether a phrase that should not have been said surely was."""
    rule = scene.standard.match
    if (hit.confidence or 0.0) < rule.avoid_match:
        return False
    turn = scene.turn_at(hit.speaker or AGENT, hit.start_s)
    score = turn.confidence if turn else None
    return score is None or score >= rule.avoid_word_score


def assented(scene: Scene, start_s: float, end_s: float) -> bool | None:
    """Whether the caller agreed between two instants; None where that cannot be known.

    An assent, or any turn of the caller that is no objection, is a yes.
    """
    if scene.said('objection', start_s, end_s):
        return False
    if scene.said('assent', start_s, end_s):
        return True
    if any(start_s <= turn.start_s <= end_s for turn in scene.turns if turn.speaker == CALLER):
        return True
    return None if scene.uncovered(CALLER, start_s, end_s) else False


def _name(act: str) -> str:
    return act.replace('_', ' ')
