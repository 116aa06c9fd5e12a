"""Rules of the stage `hold`: each is asked of every wait of the call; its score is their mean."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from math import inf
from typing import Annotated, Literal

from annotated_types import Ge

from transforms.rules import waits
from transforms.rules.moments import Wait
from transforms.rules.options import Count, Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import UNREAD, Scene
from transforms.rules.shapes import absent, limit
from transforms.rules.texts import SOME, content_words, questions
from transforms.rules.verdict import FAIL, PASS, Verdict, failed, not_applicable, passed, unknown
from transforms.rules.waits import Part
from transforms.talk import FULL
from warehouse.records import AGENT, CALLER, Event, Turn

NO_WAIT = 'nobody was made to wait'
_TO_CALLER = ('steps', 'wait_reason', 'wait_request', 'return_promise', 'return_thanks',
              'return_apology', 'time_limit', 'apology')


@decider
def reason_given(scene: Scene, *, pair_min: Share) -> Verdict:
    """Before each wait, by at most `hold_protocol.reason_s`, the agent says why."""
    return each(scene, scene.waits, lambda wait: waits.reason(scene, wait), pair_min)


@decider
def permission_asked(scene: Scene, *, pair_min: Share) -> Verdict:
    """Before each wait, by at most `hold_protocol.request_s`, the caller is asked to wait; a bare
    "wait" is no request."""
    return each(scene, scene.waits, lambda wait: waits.request(scene, wait), pair_min)


@decider
def consent_given(scene: Scene, *, pair_min: Share) -> Verdict:
    """The caller agrees before each wait begins. Who left sooner than `hold_protocol.consent_s`
    after the request did not wait for it."""
    return each(scene, scene.waits, lambda wait: waits.consent(scene, wait), pair_min)


@decider
def time_limit_given(scene: Scene, *, least: Share) -> Verdict:
    """Before each wait it is said how long it will take; "a moment" counts what the standard's
    `hold_protocol.vague_limit` says."""
    return each(scene, scene.waits, lambda wait: waits.limit_named(scene, wait), least)


@decider
def stated_time_kept(scene: Scene, *, factor: Annotated[float, Ge(1)], return_s: Seconds,
                     pair_min: Share) -> Verdict:
    """A wait for which a number of seconds or minutes was named is not longer than `factor` times
    that. Unknown where the agent is not heard within `return_s` of its end."""
    named = [(wait, found) for wait in scene.waits
             if (found := waits.stated(scene, wait)) and found[0] != SOME]
    if not named:
        return _none(scene, 'no time limit in numbers was named')
    stated = {wait: found[0] for wait, found in named}

    def kept(wait: Wait) -> Part:
        turn = waits.first_turn_after(scene, wait)
        if turn is None or turn.start_s - wait.end_s > return_s:
            return Part(None, 'when the wait ended is not sure')
        return _limited(limit(wait.length_s, f'a wait of {wait.length_s:.0f} s, '
                              f'{stated[wait]:.0f} s were named', high=factor * stated[wait],
                              tol=waits.tolerance(scene, wait)), wait)
    return each(scene, [wait for wait, _ in named], kept, pair_min)


@decider
def apology_before(scene: Scene, *, pair_min: Share) -> Verdict:
    """Before each wait the agent apologises or says please."""
    return each(scene, scene.waits, lambda wait: waits.said_before(
        scene, wait, ('apology', 'please'), scene.standard.hold_protocol.request_s), pair_min)


@decider
def wait_length(scene: Scene, *, pair_min: Share) -> Verdict:
    """No wait is longer than `hold_protocol.max_s`, but for those that the caller chose when
    offered to be called back before."""
    most = scene.standard.hold_protocol.max_s
    if most is None:
        return not_applicable('this standard names no longest hold')

    def short(wait: Wait) -> Part:
        part = _limited(limit(wait.length_s, f'a wait of {wait.length_s:.0f} s', high=most,
                              tol=waits.tolerance(scene, wait)), wait)
        offer = None if part.score == 1.0 else waits.stayed(scene, wait)
        return Part(1.0, 'the caller chose to wait', offer) if offer else part
    return each(scene, scene.waits, short, pair_min)


@decider
def callback_over_limit(scene: Scene, *, least: Share) -> Verdict:
    """Where a wait takes longer than `hold_protocol.max_s`, a call-back is offered before it or
    shortly after; by whom it is to be, `hold_protocol.over_limit_action` says."""
    rule = scene.standard.hold_protocol
    most = rule.max_s
    if most is None:
        return not_applicable('this standard names no longest hold')
    near = [wait for wait in scene.waits if wait.length_s + waits.tolerance(scene, wait) > most]
    if not near:
        return _none(scene, 'no wait was too long')

    def ended(wait: Wait) -> Part:
        found = waits.offered(scene, wait)
        if found:
            return Part(found[0], 'a call-back was offered', found[1])
        if wait.length_s - waits.tolerance(scene, wait) <= most:
            return Part(None, 'the wait is too near to the limit to tell')
        span = wait.start_s - rule.offer_before_s, wait.end_s + rule.offer_after_s
        why = scene.any_unchecked(('callback_by_agent', 'callback_by_caller'), *span)
        return Part(None, why) if why else Part(
            0.0, f'a wait of {wait.length_s:.0f} s without an offer to call back',
            span=(wait.start_s, wait.end_s))
    return each(scene, near, ended, least)


@decider
def hold_button(scene: Scene, *, least_s: Seconds, pair_min: Share) -> Verdict:
    """An announced wait of `least_s` or more is a real hold. On an open line, which a standard may
    allow, only a sound of the agent's side proves that it was one."""
    long = [wait for wait in scene.waits if wait.length_s >= least_s]
    if scene.standard.hold_protocol.open_line_ok:
        long = [wait for wait in long if not wait.is_soft]
    if not long:
        return _none(scene, 'no such wait, or the open line is allowed')

    def pressed(wait: Wait) -> Part:
        span = wait.start_s, wait.end_s
        if not wait.is_soft:
            return Part(1.0, f'the caller was put on hold ({wait.label})', span=span)
        if _is_heard(scene, wait):
            return Part(0.0, 'the line was open: the agent\'s side was heard', span=span)
        return Part(None, 'whether the line was open cannot be heard')
    return each(scene, long, pressed, pair_min)


@decider
def open_line_discipline(scene: Scene, *, least_s: Seconds,
                         words: Count) -> Verdict:
    """On an open line nothing is said that the caller is not meant to hear. Side talk is a turn of
    `words` words or more that breaks the silence and is not for the caller: more silence follows,
    and thanks or an apology for the wait come only after that."""
    soft = [wait for wait in scene.waits if wait.is_soft and wait.length_s >= least_s]
    if not soft:
        return _none(scene, 'nobody waited on an open line')

    def quiet(wait: Wait) -> Part:
        turn = waits.first_turn_after(scene, wait)
        back = _return_after(scene, turn) if turn else None
        if turn is None or back is None or any(
                scene.said(act, turn.start_s, turn.end_s) for act in _TO_CALLER):
            return Part(1.0, 'nothing else was said while the caller waited',
                        span=(wait.start_s, wait.end_s))
        if scene.trust != FULL:
            return Part(None, 'what was said while the caller waited is not known')
        span = turn.start_s, turn.end_s
        if turn.word_count < words:
            return Part(1.0, 'hardly anything was said while the caller waited', span=span)
        ended = any(scene.said(act, back.start_s, back.end_s)
                    for act in ('return_thanks', 'return_apology'))
        return Part(0.0 if ended else None, f'said while the caller waited: {turn.text}', span=span)
    return each(scene, soft, quiet, 1.0)


@decider
def kept_informed(scene: Scene, *, pair_min: Share) -> Verdict:
    """In a long wait (`hold_protocol.update_every_s`) the agent is heard at least so often, or the
    turn before it names the work being done."""
    most = scene.standard.hold_protocol.update_every_s
    long = [] if most is None else [wait for wait in scene.waits if wait.length_s >= most]
    if not long:
        return _none(scene, 'no wait was so long')
    return each(scene, long, lambda wait: _updated(scene, wait), pair_min)


@decider
def silence_announced(scene: Scene, *, least_s: Seconds, pair_min: Share) -> Verdict:
    """Every silence of `least_s` or more that the agent causes is announced, so that it is a
    wait."""
    announced = [wait for wait in scene.waits if wait.length_s >= least_s]
    bare = [Wait(event.start_s, event.end_s, 'silence', True, None)
            for event in scene.events('silence') if event.label in ('gap', 'pause')
            and event.end_s - event.start_s >= least_s and _caused_by_agent(scene, event)]
    if not announced and not bare:
        return not_applicable('the agent let no silence arise')

    def told(wait: Wait) -> Part:
        span = wait.start_s, wait.end_s
        if wait.label != 'silence':
            return Part(1.0, 'an announced wait', span=span)
        why = scene.unannounced(span[0])
        return Part(None, why) if why else Part(
            0.0, f'a silence of {wait.length_s:.1f} s was not announced', span=span)
    return each(scene, [*announced, *bare], told, pair_min)


@decider
def second_line(scene: Scene, *, within_s: Seconds, pair_min: Share) -> Verdict:
    """Who takes another call apologises and promises to be right back."""
    found = scene.said('second_line')
    if not found:
        return absent(scene, 'second_line', 'no other call was taken')
    scores: list[float] = []
    for hit in found:
        start, end = hit.start_s - within_s, hit.end_s + within_s
        missing = [act for act in ('apology', 'return_promise')
                   if not scene.said(act, start, end)]
        why = scene.any_unchecked(missing, start, end)
        if why:
            return unknown(why)
        scores.append(0.0 if missing else 1.0)
    score = sum(scores) / len(scores)
    worst = found[scores.index(min(scores))]
    return (passed if score >= pair_min else failed)(
        'another call was taken: apology and promise to return', worst, score=score)


@decider
def return_courtesy(scene: Scene, *, form: Literal['thanks', 'apology'],
                    pair_min: Share) -> Verdict:
    """The first turn after a wait thanks or apologises. A form that
    `hold_protocol.require_after` lists as one of several is satisfied by any of them."""
    group = next((item for item in _groups(scene) if form in item), None)
    if group is None:
        return not_applicable(f'this standard asks for no {form} after a wait')
    ended = [wait for wait in _scored(scene) if waits.first_turn_after(scene, wait)]
    if not ended:
        return _none(scene, 'no wait ended in the call')

    def courteous(wait: Wait) -> Part:
        return waits.courtesy(scene, wait, group) or Part(None, '')
    return each(scene, ended, courteous, pair_min)


@decider
def return_recap(scene: Scene, *, least_s: Seconds, within_s: Seconds, words: Count,
                 pair_min: Share) -> Verdict:
    """After a wait of `least_s` or more the caller is reminded of where the talk had stopped: by a
    recap, or by `words` words of the last turns before."""
    long = [wait for wait in scene.waits if wait.length_s >= least_s
            and waits.first_turn_after(scene, wait)]
    if not long:
        return _none(scene, 'no wait was so long')

    def recalled(wait: Wait) -> Part:
        span = wait.end_s - waits.tolerance(scene, wait), wait.end_s + within_s
        found = scene.said('recap', *span)
        if found:
            return Part(1.0, 'a recap after the wait', found[0])
        if scene.trust != FULL:
            return Part(None, UNREAD)
        after = _content(scene, (turn.text for turn in scene.agent_turns
                                 if turn.end_s > wait.end_s and turn.start_s <= span[1]))
        earlier = [turn.text for turns in (scene.agent_turns, scene.caller_turns)
                   for turn in [t for t in turns if t.end_s <= wait.start_s + 1.0][-1:]]
        common = sorted(after & _content(scene, earlier))
        if len(common) >= words:
            return Part(1.0, f'taken up again: {", ".join(common)}', span=span)
        why = scene.unchecked('recap', *span)
        return Part(None, why) if why else Part(0.0, 'no recap after the wait', span=span)
    return each(scene, long, recalled, pair_min)


def elements_of(scene: Scene, wait: Wait) -> list[tuple[float, float | None]]:
    """The elements of `hold_score` of one wait: weight, and score (None: not known).

    What `hold_protocol` does not ask for is no element. Consent belongs to the request; a wait in
    which the call ends has no return.
    """
    rule, weights = scene.standard.hold_protocol, scene.standard.scores.hold
    before: dict[str, Sequence[tuple[str, Callable[[Scene, Wait], Part]]]] = {
        'reason': [('reason', waits.reason)],
        'request': [('request', waits.request), ('consent', waits.consent)],
        'time_limit': [('time_limit', waits.limit_named)]}
    out = [(weights[name], part(scene, wait).score)
           for asked in rule.require_before for name, part in before.get(asked, ())]
    if rule.max_s is not None:
        out.append((weights['length'], waits.length_score(scene, wait)))
    if rule.update_every_s is not None and wait.length_s >= rule.update_every_s:
        out.append((weights['update'], _updated(scene, wait).score))
    after = [part.score for group in _groups(scene)
             if (part := waits.courtesy(scene, wait, group)) is not None]
    if after:
        known = [score for score in after if score is not None]
        out.append((weights['courtesy'],
                    sum(known) / len(known) if len(known) == len(after) else None))
    return out


def each(scene: Scene, which: Sequence[Wait], decide: Callable[[Wait], Part],
         least: float) -> Verdict:
    """The verdict of a rule that is asked of every wait: the mean of those known, kept from `least`
    on. What shows it is the worst of them."""
    if not which:
        return _none(scene, NO_WAIT)
    parts = [decide(wait) for wait in which]
    known = [(part.score, part) for part in parts if part.score is not None]
    if not known:
        return unknown(parts[0].why)
    score = sum(value for value, _ in known) / len(known)
    worst = min(known, key=lambda pair: pair[0])[1]
    why = worst.why if len(known) == 1 else \
        f'{worst.why} ({sum(value == 1 for value, _ in known)} of {len(known)} waits are right)'
    return (passed if score >= least else failed)(why, worst.at, score=score, span=worst.span)


def _none(scene: Scene, why: str) -> Verdict:
    """No wait to judge: not applicable, unless a silence may be one that was announced unheard."""
    missing = scene.perhaps_waited
    return unknown(f'a silence may be a wait: {missing}') if missing else not_applicable(why)


def _limited(verdict: Verdict, wait: Wait) -> Part:
    score = {PASS: 1.0, FAIL: 0.0}.get(verdict.result)
    return Part(score, verdict.why, span=(wait.start_s, wait.end_s))


def _scored(scene: Scene) -> list[Wait]:
    least = scene.standard.hold_protocol.scored_wait_s
    return [wait for wait in scene.waits if wait.length_s >= least]


def _groups(scene: Scene) -> list[tuple[str, ...]]:
    return [(item,) if isinstance(item, str) else tuple(item)
            for item in scene.standard.hold_protocol.require_after]


def _updated(scene: Scene, wait: Wait) -> Part:
    """Whether the caller was kept informed in a long wait."""
    rule = scene.standard.hold_protocol
    most = rule.update_every_s or 0.0
    heard = [turn.start_s for turn in scene.agent_turns
             if wait.start_s < turn.start_s < wait.end_s]
    stops = [wait.start_s, *heard, wait.end_s]
    longest = max(after - before for before, after in pairwise(stops))
    if longest <= most:
        return Part(1.0, 'the agent was heard in the wait', span=(wait.start_s, wait.end_s))
    part = waits.said_before(scene, wait, ('steps', 'wait_reason'), rule.request_s)
    return part._replace(why=f'{longest:.0f} s without a word') if part.score == 0 else part


def _caused_by_agent(scene: Scene, silence: Event) -> bool:
    """Whether the agent speaks next, and was not waiting for an answer."""
    at = (silence.end_s - 0.06, 0.0)  # the edges of speech and of silence differ by a frame
    nexts = {who: spans[i][0] if (i := bisect_left(spans, at)) < len(spans) else inf
             for who, spans in scene.speech.items()}
    if nexts[AGENT] >= nexts[CALLER]:
        return False
    before = [turn for turn in scene.turns if turn.end_s <= silence.start_s + 0.06]
    if not before or before[-1].speaker != AGENT:
        return True
    asked = questions(before[-1].text, scene.language)
    return not (asked and before[-1].text.endswith(asked[-1]))


def _is_heard(scene: Scene, wait: Wait) -> bool:
    """Whether the agent's side sounds in a wait: too shortly to end it."""
    return any(event.speaker == AGENT and event.label != 'bleed'
               and event.start_s < wait.end_s and wait.start_s < event.end_s
               for event in scene.events('speech'))


def _return_after(scene: Scene, turn: Turn) -> Turn | None:
    """The agent's next turn, where a silence as long as a wait and nobody else comes before it."""
    after = next((one for one in scene.turns if one.start_s >= turn.end_s), None)
    least = scene.standard.hold_protocol.min_wait_s
    return after if after and after.speaker == AGENT and after.start_s - turn.end_s >= least \
        else None


def _content(scene: Scene, texts: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(content_words(text, scene.language) for text in texts))
