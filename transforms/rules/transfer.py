"""Transfers: what is said before a call is passed on and by whom it is taken over; messages."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from annotated_types import Ge, Interval

from transforms.phrases import is_cased
from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import assented, paired, said_in
from transforms.rules.verdict import (
    NOT_APPLICABLE,
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

Seconds = Annotated[float, Ge(0)]
Share = Annotated[float, Interval(ge=0, le=1)]
UNTOLD = 'the phone system says nothing of transfers'


def outgoing(scene: Scene) -> tuple[list[float], str]:
    """When the call was passed on, and why that is not known ('' where it is).

    By the phone system; else by a ring that is heard after the answer. A call that nobody tells of
    and that this agent signed off was not passed on.
    """
    metadata = scene.metadata
    if metadata.has_transfers:
        if any(at is None for at, _ in metadata.transfers):
            return [], 'the phone system does not say when'
        return [at for at, _ in metadata.transfers if at is not None and at > 0], ''
    rings = [e.start_s for e in scene.events('tone') if e.label == 'transfer_ring']
    if rings:
        return rings[:1], ''
    return [], '' if scene.signoff.cluster else UNTOLD


@decider
def before_transfer(scene: Scene, *, act: str, within_s: Seconds, pair_min: Share) -> Verdict:
    """Before each outgoing transfer, by at most so many seconds, the act is said."""
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    return paired(scene, [_moment(at) for at in times], 'transfer', act, within_s, 0.0, pair_min)


@decider
def transfer_permission(scene: Scene, *, within_s: Seconds) -> Verdict:
    """Before each outgoing transfer the agent asks leave, and the caller agrees."""
    if scene.standard.transfer.permission is None:
        return not_applicable('the standard does not ask for it')
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    passes, fails, open_, at_fault = 0, 0, '', None
    for at in times:
        asked = scene.said('transfer_permission', at - within_s, at)
        if not asked:
            open_ = scene.unchecked('transfer_permission', max(0.0, at - within_s), at) or open_
            fails += not scene.unchecked('transfer_permission', max(0.0, at - within_s), at)
            continue
        agreed = assented(scene, asked[-1].end_s, at)
        at_fault = at_fault or asked[-1]
        passes += agreed is True
        fails += agreed is False
        open_ = open_ or ('whether the caller agreed is not known' if agreed is None else '')
    if not passes + fails:
        return unknown(open_)
    return shared(passes, fails, 1.0, 'transfers with leave asked and given', at_fault,
                  None if at_fault else (max(0.0, times[0] - within_s), times[0]))


@decider
def thanks_after_consent(scene: Scene, *, within_s: Seconds) -> Verdict:
    """Once the caller has agreed to a transfer, the agent thanks."""
    asked = scene.said('transfer_permission')
    if not asked:
        why = scene.unchecked('transfer_permission', 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('no leave was asked')
    consents = [yes for hit in asked
                for yes in scene.said('assent', hit.end_s, hit.end_s + within_s)[:1]]
    if not consents:
        return unknown('whether the caller agreed is not known')
    return paired(scene, consents, 'assent', 'thanks', 0.0, within_s, 1.0)


@decider
def names_target(scene: Scene, *, within_s: Seconds, least: Share) -> Verdict:
    """Before a transfer the agent says to whom the call goes: `score` is 0.4 for the department or
    position, 0.4 for a name and 0.2 for a number, of the first transfer."""
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    start, end = max(0.0, times[0] - within_s), times[0]
    said = [*scene.said('transfer_announcement', start, end),
            *scene.said('transfer_permission', start, end)]
    if not said:
        gap = scene.unchecked('transfer_announcement', start, end)
        return unknown(gap) if gap else failed('nobody was named', span=(start, end))
    turn = scene.turn_at(AGENT, said[0].start_s)
    words = (turn.text if turn else said[0].evidence or '').split()
    if not is_cased(words):
        return unknown('the transcript does not tell names from other words')
    named = any(word[:1].isupper() and before[-1:] not in '.?!' and word[1:2].islower()
                for before, word in pairwise(words))
    number = any(letter.isdigit() for word in words for letter in word)
    score = 0.4 + 0.4 * named + 0.2 * number
    return (passed if score >= least else failed)('to whom the call goes', said[0], score=score)


@decider
def briefs_receiver(scene: Scene) -> Verdict:
    """The transfer is attended: the colleague is told who calls and why. A blind one is not."""
    if scene.standard.transfer.brief_receiver is None:
        return not_applicable('the standard does not ask for it')
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    kinds = [(kind or '').lower() for at, kind in scene.metadata.transfers if at and at > 0]
    attended = sum(kind in ('attended', 'warm', 'consult', 'consultative') for kind in kinds)
    blind = sum(kind in ('blind', 'cold', 'unattended') for kind in kinds)
    if not attended + blind:
        return unknown('the phone system does not say whether the transfer was attended')
    return shared(attended, blind, 1.0, 'attended transfers', span=(times[0], times[0]))


@decider
def max_transfers(scene: Scene) -> Verdict:
    """The caller is passed on no more often than the standard allows: at the third, patience is
    gone. Over the legs of a contact: view `contact_transfers`."""
    most = scene.standard.transfer.max
    if most is None:
        return not_applicable('the standard does not ask for it')
    if not scene.metadata.has_transfers:
        times, why = outgoing(scene)
        if why or times:
            return unknown(UNTOLD)
        return passed('the call was not passed on')
    count = len(scene.metadata.transfers)
    score = 1.0 if count < most else 0.5 if count == most else 0.0
    decide = passed if count <= most else failed
    return decide(f'{count} transfers, {most} at most', score=score)


@decider
def no_cold_handoff(scene: Scene, *, within_s: Seconds) -> Verdict:
    """A transfer does not follow on "I don't know" or a bare "wait" alone."""
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    for at in times:
        cold = [hit for act in ('unsure', 'wait_bare')
                for hit in scene.said(act, at - within_s, at)]
        warm = any(scene.said(act, at - within_s, at)
                   for act in ('transfer_announcement', 'transfer_permission'))
        if cold and not warm:
            gap = next((w for act in ('transfer_announcement', 'transfer_permission') if (
                w := scene.unchecked(act, max(0.0, at - within_s), at))), '')
            return unknown(gap) if gap else failed('handed over without a word', cold[0])
    gap = scene.uncovered(AGENT, max(0.0, times[0] - within_s), times[0])
    return unknown(gap) if gap else passed('not handed over coldly')


@decider
def receiver_greets(scene: Scene) -> Verdict:
    """Who takes a transferred call over gives a greeting and a name in the first turn."""
    if not scene.is_transferred_in:
        return not_applicable('no transferred call was taken over') \
            if scene.metadata.has_transfers else unknown(UNTOLD)
    if not scene.agent_turns:
        return not_applicable('nobody took the call')
    first = scene.agent_turns[0]
    verdicts = [said_in(scene, act, first.start_s, first.end_s)
                for act in ('self_name', 'greeting')]
    return _all_of(verdicts, 'name and greeting')


@decider
def screening_tactful(scene: Scene) -> Verdict:
    """A caller who asks for somebody is asked the name politely, never "who is this?"."""
    asked = scene.said('asks_person')
    if not asked:
        why = scene.unchecked('asks_person', 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('the caller asks for nobody')
    end = scene.call.duration_s
    blunt = scene.said('ask_name_blunt', asked[0].start_s, end)
    if blunt:
        return failed('the name was demanded', blunt[0])
    polite = said_in(scene, 'ask_name', asked[0].start_s, end)
    if polite.result == PASS:
        return polite
    why = scene.unchecked('ask_name_blunt', asked[0].start_s, end)
    return unknown(why) if why else polite


@decider
def absence_first(scene: Scene) -> Verdict:
    """That the wanted person is out is said before the caller is asked for the name."""
    out, asked = scene.said('absence'), scene.said('ask_name')
    if not out or not asked:
        why = scene.unchecked('absence', 0.0, scene.call.duration_s) if not out else \
            scene.unchecked('ask_name', 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('nobody is out, or no name was asked')
    if out[0].start_s <= asked[0].start_s:
        return passed('said before the name was asked', out[0])
    return failed('the name was asked first', asked[0])


@decider
def absent_offer(scene: Scene, *, acts: tuple[str, ...], within_s: Seconds,
                 after_objection: bool) -> Verdict:
    """Where the wanted person is out, one of the acts is offered; with `after_objection`, only
    where the caller does not want another person."""
    out = scene.said('absence')
    if not out:
        why = scene.unchecked('absence', 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('nobody is out')
    trigger = out[0]
    if after_objection:
        declined = scene.said('objection', trigger.end_s, trigger.end_s + within_s)
        if not declined:
            why = scene.unchecked('objection', trigger.end_s, trigger.end_s + within_s)
            return unknown(why) if why else not_applicable('the caller declines nothing')
        trigger = declined[0]
    end = trigger.end_s + within_s
    return any_of([said_in(scene, act, trigger.end_s, end) for act in acts], 'an offer')


@decider
def message_open_question(scene: Scene) -> Verdict:
    """A message is offered by an open question: a yes/no question is answered no."""
    closed, opened = scene.said('message_offer'), scene.said('message_open')
    if opened:
        return passed('asked openly', opened[0])
    if closed:
        return failed('a yes/no question', closed[0])
    why = scene.unchecked('message_offer', 0.0, scene.call.duration_s)
    return unknown(why) if why else not_applicable('no message was offered')


@decider
def escalates_beyond_authority(scene: Scene, *, within_s: Seconds) -> Verdict:
    """Beyond the agent's authority: apology, escalation and a question whether that is all right;
    `score` is the share of the three."""
    beyond = scene.said('out_of_authority')
    if not beyond:
        why = scene.unchecked('out_of_authority', 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('nothing was beyond the agent\'s authority')
    start, end = beyond[0].start_s - within_s / 4, beyond[0].end_s + within_s
    parts = [said_in(scene, act, max(0.0, start), end)
             for act in ('apology', 'escalation', 'agreement_question')]
    known = [part for part in parts if part.result != UNKNOWN]
    if len(known) < len(parts) and not all(part.result == PASS for part in known):
        return unknown(next(part.why for part in parts if part.result == UNKNOWN))
    score = sum(part.result == PASS for part in known) / len(parts)
    if len(known) < len(parts):
        return unknown(next(part.why for part in parts if part.result == UNKNOWN))
    decide = passed if score == 1.0 else failed
    return decide('apology, escalation, agreement', beyond[0], score=score)


@decider
def customer_not_repeating(scene: Scene) -> Verdict:
    """The caller need not state the request again to the second agent. It takes both legs."""
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times and not scene.is_transferred_in:
        return not_applicable('the call was not passed on')
    return unknown('one recording holds one leg of the call')


def any_of(verdicts: list[Verdict], what: str) -> Verdict:
    """Passes where one of them does; fails where all do."""
    for verdict in verdicts:
        if verdict.result == PASS:
            return verdict
    for verdict in verdicts:
        if verdict.result == UNKNOWN:
            return verdict
    first = verdicts[0]
    return first._replace(why=f'{what} was not made') if first.result != NOT_APPLICABLE else first


def _all_of(verdicts: list[Verdict], what: str) -> Verdict:
    missing = [v for v in verdicts if v.result != PASS]
    if not missing:
        return verdicts[0]._replace(why=what)
    if any(v.result == UNKNOWN for v in missing):
        return next(v for v in missing if v.result == UNKNOWN)
    return missing[0]


def _moment(at_s: float) -> Event:
    return Event(0, 'transfer', '', CALLER, at_s, at_s, None, None)
