"""One wait: what was said before it, how long it took, and what was said on return.

The rules of the stage `hold` and `hold_score` are made of these parts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from transforms.intervals import Span
from transforms.rules.moments import Wait
from transforms.rules.scene import Scene
from transforms.rules.shapes import assented
from transforms.rules.texts import contains, duration_s, questions
from warehouse.records import AGENT, Event, Turn

METADATA = 'metadata'
VAGUE = {'full': 1.0, 'half': 0.5, 'none': 0.0}
BARE = 'the caller was told to wait, not asked'

# The request forms of English; the requests listed of the other languages are none but polite.
_ASKING = re.compile(r"\b(?:please|kindly|could|can|would|will you|may|might|mind|if you)\b")


class Part(NamedTuple):
    """How one wait keeps one rule. `score` is None where that is not known; `at` shows it."""

    score: float | None
    why: str
    at: Event | None = None
    span: Span | None = None


def before(scene: Scene, wait: Wait, within_s: float) -> Span:
    """So many seconds before a wait, the error of its start included."""
    return wait.start_s - within_s, wait.start_s + tolerance(scene, wait)


def tolerance(scene: Scene, wait: Wait) -> float:
    """The error of a wait's start and end."""
    rule = scene.standard.hold_protocol
    return rule.metadata_tol_s if wait.label == METADATA else rule.audio_tol_s


def said_before(scene: Scene, wait: Wait, acts: tuple[str, ...], within_s: float) -> Part:
    """Whether any of some acts was said so shortly before a wait."""
    start, end = before(scene, wait, within_s)
    for act in acts:
        found = scene.said(act, start, end)
        if found:
            return Part(1.0, f'{_named(act)} was said before the wait', found[-1])
    why = scene.any_unchecked(acts, start, end)
    named = ' or '.join(map(_named, acts))
    return Part(None, why) if why else Part(
        0.0, f'no {named} before the wait', span=(wait.start_s, wait.end_s))


def reason(scene: Scene, wait: Wait) -> Part:
    """Whether the reason was given."""
    return said_before(scene, wait, ('wait_reason',), scene.standard.hold_protocol.reason_s)


def request(scene: Scene, wait: Wait) -> Part:
    """Whether the caller was asked to wait, by a request form."""
    start, end = _asking(scene, wait)
    asked = scene.said('wait_request', start, end)
    polite = next((hit for hit in reversed(asked) if _is_polite(scene, hit)), None)
    if polite:
        return Part(1.0, 'the caller was asked to wait', polite)
    bare = asked or scene.said('wait_bare', start, end)
    if bare:
        return Part(0.0, BARE, bare[-1])
    why = scene.unchecked('wait_request', start, end)
    return Part(None, why) if why else Part(
        0.0, 'the caller was not asked to wait', span=(wait.start_s, wait.end_s))


def consent(scene: Scene, wait: Wait) -> Part:
    """Whether the caller agreed between the request and the wait."""
    start, end = _asking(scene, wait)
    asked = scene.said('wait_request', start, end) or scene.said('wait_bare', start, end)
    if not asked:
        part = request(scene, wait)
        return part._replace(why=part.why if part.score is None else 'no consent was asked for')
    agreed = assented(scene, asked[-1].start_s, end)
    if agreed:
        return Part(1.0, 'the caller agreed to wait', asked[-1])
    error = tolerance(scene, wait) if wait.label == METADATA else 0.0
    if agreed is None and wait.start_s + error - asked[-1].end_s \
            >= scene.standard.hold_protocol.consent_s:
        return Part(None, 'whether the caller agreed is not known')
    objected = scene.said('objection', asked[-1].start_s, end)
    if objected:
        return Part(0.0, 'the caller objected', objected[0])
    return Part(0.0, 'the wait began before the caller agreed', asked[-1])


def limit_named(scene: Scene, wait: Wait) -> Part:
    """Whether it was said how long the wait would be; a vague word counts `vague_limit`."""
    start, end = _asking(scene, wait)
    at = stated(scene, wait)
    if at is not None:
        return Part(1.0, 'a time limit was named', at[1], at[2])
    vague = VAGUE[scene.standard.hold_protocol.vague_limit]
    loose = scene.said('vague_limit', start, end) or scene.said('time_limit', start, end) or [
        hit for hit in scene.said('wait_request', start, end) if _is_vague(scene, hit)]
    if loose:
        return Part(vague, 'the time limit is vague', loose[-1])
    acts = ('time_limit', 'vague_limit') if vague else ('time_limit',)
    why = scene.any_unchecked(acts, start, end)
    return Part(None, why) if why else Part(
        0.0, 'no time limit was named', span=(wait.start_s, wait.end_s))


def stated(scene: Scene, wait: Wait) -> tuple[float, Event | None, Span | None] | None:
    """The seconds that a wait was said to take (`texts.SOME`: no number), and where that was said:
    a phrase, or the turn of the request."""
    start, end = _asking(scene, wait)
    for hit in reversed(scene.said('time_limit', start, end)):
        seconds = duration_s(hit.evidence or '', scene.language)
        if seconds is not None:
            return seconds, hit, None
    if scene.trust == 'none':
        return None
    for hit in reversed(scene.said('wait_request', start, end)):
        turn = scene.turn_at(AGENT, hit.start_s)
        seconds = duration_s(turn.text, scene.language) if turn else None
        if turn and seconds is not None:
            return seconds, None, (turn.start_s, turn.end_s)
    return None


def return_window(scene: Scene, wait: Wait) -> Span | None:
    """From a wait's end to the end of the agent's first turn after it; None where there is none:
    the call ends in the wait."""
    turn = first_turn_after(scene, wait)
    return (wait.end_s - tolerance(scene, wait), turn.end_s) if turn else None


def first_turn_after(scene: Scene, wait: Wait) -> Turn | None:
    """The agent's turn with which a wait ends: it may be the one that announced it."""
    return next((turn for turn in scene.agent_turns if turn.end_s > wait.end_s + 0.1), None)


def courtesy(scene: Scene, wait: Wait, forms: tuple[str, ...]) -> Part | None:
    """Whether the first turn after a wait has any of some forms: thanks, apology. None where the
    call ends in the wait."""
    span = return_window(scene, wait)
    if span is None:
        return None
    acts = tuple(f'return_{form}' for form in forms)
    for act in acts:
        found = scene.said(act, *span)
        if found:
            return Part(1.0, f'{_named(act)} was said after the wait', found[0])
    why = scene.any_unchecked(acts, *span)
    return Part(None, why) if why else Part(
        0.0, f'no {" or ".join(forms)} after the wait', span=span)


def stayed(scene: Scene, wait: Wait) -> Event | None:
    """The offer to call back after which the caller chose to wait; None where there is none."""
    start, end = before(scene, wait, scene.standard.hold_protocol.offer_before_s)
    for act in ('callback_by_agent', 'callback_by_caller'):
        for hit in scene.said(act, start, end):
            if any(hit.end_s <= turn.start_s <= end for turn in scene.caller_turns):
                return hit
    return None


def offered(scene: Scene, wait: Wait) -> tuple[float, Event] | None:
    """A call-back that was offered before, in or after a wait, and what it counts."""
    rule = scene.standard.hold_protocol
    worth = {'callback_by_agent': 1.0, 'callback_by_caller': 1.0}
    if rule.over_limit_action == 'agent_calls_back':
        worth['callback_by_caller'] = rule.customer_calls_back_score
    for act, score in worth.items():
        found = scene.said(act, wait.start_s - rule.offer_before_s,
                           wait.end_s + rule.offer_after_s)
        if found:
            return score, found[0]
    return None


def length_score(scene: Scene, wait: Wait) -> float | None:
    """1 up to the longest hold, 0 from twice as long on; None where the standard is silent.

    A caller who stayed after an offer to call back has chosen to; an offer after the fact adds
    `scores.late_offer`.
    """
    most = scene.standard.hold_protocol.max_s
    if most is None:
        return None
    if wait.length_s <= most or stayed(scene, wait):
        return 1.0
    score = max(0.0, 1 - (wait.length_s - most) / most) if most else 0.0
    return min(1.0, score + scene.standard.scores.late_offer) if offered(scene, wait) else score


def _asking(scene: Scene, wait: Wait) -> Span:
    """When a wait is asked for."""
    return before(scene, wait, scene.standard.hold_protocol.request_s)


def _is_polite(scene: Scene, hit: Event) -> bool:
    if hit.label == 'hold_permission' or scene.language != 'en':
        return True
    turn = scene.turn_at(AGENT, hit.start_s)
    return any(_ASKING.search(text.casefold()) for text in (
        hit.evidence or '', *(questions(turn.text, 'en') if turn else ())))


def _is_vague(scene: Scene, hit: Event) -> bool:
    lexicon = scene.lexicon
    return lexicon is not None and contains(
        hit.evidence or '', lexicon.categories.get('vague_limit', ()), scene.language)


def _named(act: str) -> str:
    return act.replace('_', ' ')


