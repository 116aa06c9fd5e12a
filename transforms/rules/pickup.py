"""Pickup: how soon a call is answered, counted in rings and in seconds."""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, inf
from typing import NamedTuple

from transforms.protocol import PickupRule
from transforms.rules.options import Ratio, Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.verdict import (
    FAIL,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from warehouse.records import AGENT

Range = tuple[float, float]  # what a value may be, both included

EVIDENCE_MOST = 200  # characters
NO_RINGING = 'how long it rang is not known'


class _Rang(NamedTuple):
    """What is known of the ringing before the answer."""

    seconds: Range
    started: Range  # rings
    done: Range  # rings that were not cut off by the answer
    why: str


@decider
def answered_soon(scene: Scene, *, shortest_cycle_s: Ratio, longest_cycle_s: Ratio) -> Verdict:
    """The call is answered within `pickup.max_rings` rings or `pickup.max_s` seconds, as
    `pickup.rule` joins them. Where the phone system tells seconds alone, the rings lie between
    those of the slowest and of the quickest cadence."""
    return _no_ringing(scene) or _soon(scene, _rang(scene, shortest_cycle_s, longest_cycle_s))


@decider
def not_late(scene: Scene, *, shortest_cycle_s: Ratio, longest_cycle_s: Ratio,
             late_score: Share) -> Verdict:
    """Fewer than `pickup.late_rings` rings are heard out. An answer that is late for the rule of
    three rings, but not so late, has `late_score`."""
    limit = scene.standard.pickup.late_rings
    if limit is None:
        return not_applicable('the standard names no such number of rings')
    without = _no_ringing(scene)
    if without:
        return without
    rang = _rang(scene, shortest_cycle_s, longest_cycle_s)
    early = _within(rang.done, limit - 1)
    if early is None:
        return unknown(f'{rang.why}: too near to the limit to tell')
    span = (0.0, scene.answer_s or 0.0)
    if not early:
        return failed(f'{rang.why}: {limit} rings or more', span=span)
    soon = _soon(scene, rang).result
    if soon == UNKNOWN:
        return unknown(f'{rang.why}: whether that is soon is not known')
    return passed(rang.why, span=span, score=late_score if soon == FAIL else 1.0)


@decider
def not_instant(scene: Scene, *, shortest_cycle_s: Ratio, longest_cycle_s: Ratio) -> Verdict:
    """At least `pickup.min_rings` rings are heard out, on lines that a person answers."""
    least = scene.standard.pickup.min_rings
    if least is None:
        return not_applicable('the standard names no least number of rings')
    if scene.events('ivr'):
        return not_applicable('a machine answers this line')
    without = _no_ringing(scene)
    if without:
        return without
    rang = _rang(scene, shortest_cycle_s, longest_cycle_s)
    early = _within(rang.done, least - 1)
    if early is None:
        return unknown(f'{rang.why}: too near to the limit to tell')
    decide = failed if early else passed
    return decide(rang.why, span=(0.0, scene.answer_s or 0.0))


@decider
def short_wait_after_menu(scene: Scene) -> Verdict:
    """After the recorded menu the agent answers within the limits of the pickup, counted from the
    menu's end; a menu longer than `pickup.ivr_max_s` is named in the reason."""
    rule = scene.standard.pickup
    if rule.max_rings is None and rule.max_s is None:
        return not_applicable('the standard names no limit')
    answer = scene.answer_s
    if answer is None:
        return not_applicable('nobody answered')
    menu = [event for event in scene.events('ivr') if event.start_s < answer]
    if not menu:
        return _no_menu(scene)
    end = max(event.end_s for event in menu)
    wait = max(0.0, answer - end)
    rings = [event for event in scene.events('ring') if end <= event.start_s < answer]
    # Music has no rings to count: then the seconds alone decide.
    started = (len(rings), len(rings)) if rings else None
    why = f'{wait:.1f} s from the end of the recorded menu to the agent'
    length = sum(event.end_s - event.start_s for event in menu)
    if length > rule.ivr_max_s:
        why += f'; the menu took {length:.0f} s, more than {rule.ivr_max_s:g} s'
    return _joined(rule, _range(wait, rule.audio_tol_s), started, None, why,
                   (min(end, answer), answer))


@decider
def machine_greets(scene: Scene, *, within_s: Seconds, least_words: int) -> Verdict:
    """An answering machine greets within so many seconds and names a day or an hour. Known only
    where the words of the announcement are in the transcript."""
    prompts = scene.events('ivr')
    if not prompts:
        return not_applicable('no announcement in the recording')
    if scene.speech[AGENT]:
        return not_applicable('a person answered')
    start, end = prompts[0].start_s, max(event.end_s for event in prompts)
    said = [(at, text) for at, text, who in zip(
        scene.word_starts, scene.words.text, scene.words.speaker, strict=True)
        if who == AGENT and start <= at <= end]
    if len(said) < least_words or scene.lexicon is None:
        return unknown('the words of the announcement are not in the transcript')
    for act, until in (('greeting', start + within_s), ('time_named', end)):
        texts = [text for at, text in said if at <= until]
        if scene.matcher.opening_categories(texts).isdisjoint(scene.phrasebook.acts[act].lists):
            why = scene.unchecked(act, start, end)
            return unknown(why) if why else failed(
                f'the announcement has no {act.replace("_", " ")}', span=(start, end))
    return passed('the announcement greets and names a day or an hour', span=(start, end),
                  evidence=' '.join(text for _, text in said)[:EVIDENCE_MOST])


def _no_ringing(scene: Scene) -> Verdict | None:
    """Why the rules of ringing cannot be asked of a call; None where they can."""
    direction = scene.call.direction
    if direction == 'outbound':
        return not_applicable('the agent called')
    if scene.answer_s is None:
        return not_applicable('nobody answered')
    if scene.kpis.ring_source is None:
        return unknown(NO_RINGING)
    if direction is None:
        return unknown('the direction of the call is not known')
    return None


def _soon(scene: Scene, rang: _Rang) -> Verdict:
    rule = scene.standard.pickup
    return _joined(rule, rang.seconds, rang.started, rang.done, rang.why,
                   (0.0, scene.answer_s or 0.0))


def _rang(scene: Scene, shortest_cycle_s: float, longest_cycle_s: float) -> _Rang:
    kpis, rule = scene.kpis, scene.standard.pickup
    if kpis.ring_source == 'metadata' and kpis.ring_to_answer_s is not None:
        seconds = _range(kpis.ring_to_answer_s, rule.metadata_tol_s)
        least, most = floor(seconds[0] / longest_cycle_s), floor(seconds[1] / shortest_cycle_s) + 1
        return _Rang(seconds, (least + (seconds[0] > 0), most), (least, most),
                     f'answered after {kpis.ring_to_answer_s:g} s of ringing')
    count = kpis.ring_count or 0
    if kpis.ring_source == 'audio' and kpis.ring_to_answer_s is not None:
        return _Rang(_range(kpis.ring_to_answer_s, rule.audio_tol_s), (count, count),
                     _done(scene, count),
                     f'answered at ring {count}, after {kpis.ring_to_answer_s:.1f} s')
    # The recording begins inside the ringing: more rings may have gone before.
    heard = kpis.ring_at_least_s or 0.0
    return _Rang((max(0.0, heard - rule.audio_tol_s), inf), (count, inf),
                 (_done(scene, count)[0], inf), f'rang for {heard:.1f} s or more')


def _done(scene: Scene, count: int) -> Range:
    """How many rings were heard out: the answer may have cut off the last one, which is then
    shorter than those before."""
    rings = scene.events('ring')
    if len(rings) < 2:
        return max(0, count - 1), count
    first, last = rings[-2], rings[-1]
    slack = 2 * scene.standard.pickup.audio_tol_s  # both ends of a ring are heard so exactly
    whole = last.end_s - last.start_s >= first.end_s - first.start_s - slack
    return (count, count) if whole else (count - 1, count - 1)


def _joined(rule: PickupRule, seconds: Range, started: Range | None, done: Range | None,
            why: str, span: tuple[float, float]) -> Verdict:
    """The two limits as `pickup.rule` joins them, and the completed rings where limited."""
    rings = None if started is None or rule.max_rings is None else \
        _within(started, rule.max_rings)
    counted = started is not None and rule.max_rings is not None
    parts: list[bool | None] = []
    if counted and rule.rule != 'seconds':
        parts.append(rings)
    if rule.max_s is not None and (rule.rule != 'rings' or started is None):
        parts.append(_within(seconds, rule.max_s))
    kept = _any(parts) if rule.rule == 'either' else _all(parts)
    if done is not None and rule.max_rings_done is not None:
        heard_out = _within(done, rule.max_rings_done)
        kept = _all([kept, heard_out]) if parts else heard_out
    elif not parts:
        return not_applicable('the standard names no limit')
    if kept is None:
        return unknown(f'{why}: too near to the limit to tell')
    return (passed if kept else failed)(why, span=span, speaker=AGENT)


def _no_menu(scene: Scene) -> Verdict:
    """Without a menu in the recording: none where the recording begins before it rang."""
    ringing, started = scene.metadata.ringing_at, scene.call.started_at
    if scene.kpis.ring_source == 'audio' or (
            ringing is not None and started is not None and started <= ringing):
        return not_applicable('no recorded menu before the answer')
    if scene.call.direction == 'outbound':
        return not_applicable('the agent called')
    return unknown('what went before the answer is not in the recording')


def _range(value: float, tol: float) -> Range:
    return max(0.0, value - tol), value + tol


def _within(value: Range, limit: float) -> bool | None:
    """Whether a value is no more than a limit; None where that cannot be told."""
    if value[1] <= limit:
        return True
    return False if value[0] > limit else None


def _any(parts: Iterable[bool | None]) -> bool | None:
    parts = list(parts)
    return True if True in parts else None if None in parts else False


def _all(parts: Iterable[bool | None]) -> bool | None:
    parts = list(parts)
    return False if False in parts else None if None in parts else True
