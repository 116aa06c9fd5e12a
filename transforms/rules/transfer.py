"""Transfers: what is said before a call is passed on and by whom it is taken over; messages."""

from __future__ import annotations

import re
from itertools import pairwise
from math import inf

from transforms.phrases import is_cased
from transforms.rules.options import Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import absent, assented, avoided_in, is_sure, paired, said_in
from transforms.rules.texts import content_words
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

_WARM = ('transfer_announcement', 'transfer_permission')
_COLD = ('unsure', 'wait_bare')
_DECLINED = ('objection', 'caller_refusal')
_TO = re.compile(r'\b(?:to|with|ke|kepada|dengan)\s+([^.?!]+)')
_NO_PLACE = frozenset({'extension', 'number', 'nomor', 'now', 'please', 'sekarang'})
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
    if not scene.standard.transfer.permission:
        return not_applicable('the standard does not ask for it')
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    passes, fails, open_ = 0, 0, ''
    shown: Event | None = None  # the first that fails, else the first that passes
    for at in times:
        start = max(0.0, at - within_s)
        asked = scene.said('transfer_permission', start, at)
        agreed: bool | None
        if asked:
            agreed = assented(scene, asked[-1].end_s, at)
            open_ = open_ or ('' if agreed is not None else
                              'whether the caller agreed is not known')
        else:
            gap = scene.unchecked('transfer_permission', start, at)
            agreed, open_ = None if gap else False, open_ or gap
        if agreed is None:
            continue
        if shown is None or not (agreed or fails):
            shown = asked[-1] if asked else _moment(at)._replace(speaker=AGENT)
        passes, fails = passes + agreed, fails + (not agreed)
    if not passes + fails:
        return unknown(open_)
    return shared(passes, fails, 1.0, 'transfers with leave asked and given', shown)


@decider
def thanks_after_consent(scene: Scene, *, within_s: Seconds) -> Verdict:
    """Once the caller has agreed to a transfer, the agent thanks."""
    asked = scene.said('transfer_permission')
    if not asked:
        return absent(scene, 'transfer_permission', 'no leave was asked')
    consents = [yes for hit in asked for yes in _consents(scene, hit.end_s, within_s)]
    if consents:
        return paired(scene, consents, 'assent', 'thanks', 0.0, within_s, 1.0)
    why = scene.uncovered(CALLER, asked[0].end_s, asked[-1].end_s + within_s)
    return unknown(why) if why else not_applicable('the caller did not agree')


@decider
def names_target(scene: Scene, *, within_s: Seconds, least: Share) -> Verdict:
    """Before a transfer the agent says to whom the call goes: `score` is 0.4 for the department or
    position, 0.4 for a name and 0.2 for a number, of the first transfer. It takes a script and a
    transcript that tell names by capital letters."""
    times, why = outgoing(scene)
    if why:
        return unknown(why)
    if not times:
        return not_applicable('the call was not passed on')
    start, end = max(0.0, times[0] - within_s), times[0]
    said = [*scene.said('transfer_announcement', start, end),
            *scene.said('transfer_permission', start, end)]
    if not said:
        gap = scene.any_unchecked(_WARM, start, end)
        return unknown(gap) if gap else failed('nobody was named', span=(start, end),
                                               speaker=AGENT)
    told = [(turn.text, hit) for hit in said if (turn := scene.turn_at(AGENT, hit.start_s))]
    if not any(is_cased(turn.text.split()) for turn in scene.agent_turns):
        return unknown('the transcript does not tell names from other words')
    gap = scene.uncovered(AGENT, start, end)
    named, placed, number = (any(part) for part in zip(*(
        _target(text, hit.evidence or '', scene.language)
        for text, hit in told), strict=True))
    score = 0.4 * named + 0.4 * placed + 0.2 * number
    if score < least and gap:
        return unknown(gap)
    return (passed if score >= least else failed)('to whom the call goes', said[0], score=score)


@decider
def briefs_receiver(scene: Scene) -> Verdict:
    """The transfer is attended, so that the colleague is told who calls and why; a blind one tells
    nothing. What is said to the colleague is in another recording."""
    if not scene.standard.transfer.brief_receiver:
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
    score = 1.0 if count < max(most, 1) else 0.5 if count == most else 0.0
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
    gaps = ''
    for at in times:
        start = max(0.0, at - within_s)
        if any(scene.said(act, start, at) for act in _WARM):
            continue
        last = next((t for t in reversed(scene.agent_turns) if t.start_s <= at), None)
        since = max(start, last.start_s) if last else start
        cold = [hit for act in _COLD for hit in scene.said(act, since, at) if is_sure(scene, hit)]
        gap = scene.any_unchecked(_WARM if cold else _COLD, start, at)
        if cold and not gap:
            return failed('handed over without a word', cold[0])
        gaps = gaps or gap
    return unknown(gaps) if gaps else passed('not handed over coldly', span=(times[0], times[0]))


@decider
def receiver_greets(scene: Scene) -> Verdict:
    """Who takes a transferred call over gives a greeting and a name in the first turn."""
    if not scene.is_transferred_in:
        return not_applicable('no transferred call was taken over') \
            if scene.metadata.has_transfers else unknown(UNTOLD)
    if not scene.agent_turns:
        return not_applicable('nobody took the call')
    if scene.is_cut_off_at_start:
        return unknown('the recording begins after the answer')
    first = scene.agent_turns[0]
    verdicts = [said_in(scene, act, first.start_s, first.end_s)
                for act in ('self_name', 'greeting')]
    return _all_of(verdicts, 'name and greeting')


@decider
def screening_tactful(scene: Scene) -> Verdict:
    """A caller who asks for somebody is asked the name politely before a transfer, never "who is
    this?"; who has given it need not be asked."""
    wanted = scene.said('asks_person')
    if not wanted:
        return absent(scene, 'asks_person', 'the caller asks for nobody')
    start = wanted[0].start_s
    end = next((at for at in outgoing(scene)[0] if at > start), scene.call.duration_s)
    blunt = avoided_in(scene, 'ask_name_blunt', start, end)
    if blunt.result != PASS:
        return blunt
    given = scene.said('caller_name', -inf, end)
    asked = said_in(scene, 'ask_name', 0.0, end, missing='the name was not asked')
    if asked.result == PASS or not given:
        return asked
    return passed('the caller gave the name', given[0])


@decider
def absence_first(scene: Scene) -> Verdict:
    """That the wanted person is out is said before the caller is asked for the name."""
    out, asked = scene.said('absence'), scene.said('ask_name')
    if not out or not asked:
        return absent(scene, 'ask_name' if out else 'absence',
                      'nobody is out, or no name was asked')
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
        return absent(scene, 'absence', 'nobody is out')
    trigger = out[0]
    if after_objection:
        until = trigger.end_s + within_s
        declined = [hit for act in _DECLINED for hit in scene.said(act, trigger.end_s, until)]
        if not declined:
            return absent(scene, _DECLINED, 'the caller declines nothing',
                          (trigger.end_s, until))
        trigger = declined[0]
    end = trigger.end_s + within_s
    return any_of([said_in(scene, act, trigger.end_s, end) for act in acts], 'an offer')


@decider
def message_open_question(scene: Scene) -> Verdict:
    """A message is offered by an open question: a yes/no question is answered no."""
    closed, opened = scene.said('message_offer'), scene.said('message_open')
    if opened:
        return passed('asked openly', opened[0])
    if not closed:
        return absent(scene, 'message_offer', 'no message was offered')
    why = scene.unchecked('message_open', 0.0, scene.call.duration_s)
    return unknown(why) if why else failed('a yes/no question', closed[0])


@decider
def escalates_beyond_authority(scene: Scene, *, within_s: Seconds) -> Verdict:
    """Beyond the agent's authority: apology, escalation and a question whether that is all right;
    `score` is the share of the three."""
    beyond = scene.said('out_of_authority')
    if not beyond:
        return absent(scene, 'out_of_authority', 'nothing was beyond the agent\'s authority')
    turn = scene.turn_at(AGENT, beyond[0].start_s)
    start = min(turn.start_s, beyond[0].start_s) if turn else beyond[0].start_s
    parts = [said_in(scene, act, start, beyond[0].end_s + within_s)
             for act in ('apology', 'escalation', 'agreement_question')]
    open_ = next((part for part in parts if part.result == UNKNOWN), None)
    if open_:
        return open_
    kept = sum(part.result == PASS for part in parts)
    return shared(kept, len(parts) - kept, 1.0, 'apology, escalation, agreement', beyond[0])


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


def _consents(scene: Scene, start_s: float, within_s: float) -> list[Event]:
    """How the caller agrees within so many seconds: an assent, else a turn that is no objection."""
    end = start_s + within_s
    if scene.said('objection', start_s, end):
        return []
    return scene.said('assent', start_s, end)[:1] or [
        _moment(turn.end_s) for turn in scene.turns
        if turn.speaker == CALLER and start_s <= turn.start_s <= end][:1]


def _target(text: str, phrase: str, language: str) -> tuple[bool, bool, bool]:
    """Whether what follows the announcement has a name, a department or position, and a number."""
    begin, found, after = text.partition(phrase)
    last = found.split()[-1:]  # "I'll put you through to": the preposition belongs to the target
    words = [*last, *(after if found else begin).split()]
    after = ' '.join(words)
    named = any(word[:1].isupper() and word[1:2].islower() and before[-1:] not in '.?!'
                for before, word in pairwise(words))
    to = _TO.search(after)
    plain = ' '.join(word for word in to[1].split() if word[:1].islower()) if to else ''
    return (named, bool(content_words(plain, language) - _NO_PLACE),
            any(letter.isdigit() for letter in after))


def _moment(at_s: float) -> Event:
    return Event(0, 'transfer', '', CALLER, at_s, at_s, None, None)
