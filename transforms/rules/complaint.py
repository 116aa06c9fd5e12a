"""Complaints: apology first, understanding, thanks, solutions; and how abuse is met."""

from __future__ import annotations

from functools import wraps
from typing import Any

from transforms.overlaps import INTERRUPTIONS
from transforms.rules.options import Count, Seconds, Share
from transforms.rules.registry import Decider, decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import absent, avoided_in, paired, said_in
from transforms.rules.transfer import any_of
from transforms.rules.verdict import (
    FAIL,
    PASS,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from warehouse.records import AGENT, Event, Turn

_EDGE_S = 0.01  # of a turn: paired() takes 0 for a bound that is not asked for


def no_complaint(scene: Scene) -> Verdict | None:
    """Why a rule of complaints asks for nothing, or cannot be judged; None in a complaint."""
    if scene.is_complaint:
        return None
    if scene.is_complaint is None:
        return unknown('whether the call is a complaint is not known')
    return not_applicable('the call is no complaint')


def in_complaint(decide: Decider) -> Decider:
    """A rule of complaints: of other calls it asks for nothing."""
    @wraps(decide)
    def asked(scene: Scene, **options: Any) -> Verdict:
        return no_complaint(scene) or decide(scene, **options)
    return asked


@decider
@in_complaint
def complaint_says(scene: Scene, *, acts: tuple[str, ...], within_s: Seconds | None) -> Verdict:
    """In a complaint, one of the acts is said within so many seconds of its first words (null: by
    the end of the call)."""
    start = scene.complaint_s
    end = scene.call.duration_s if within_s is None else start + within_s
    return any_of([said_in(scene, act, start, end) for act in acts], acts[0].replace('_', ' '))


@decider
@in_complaint
def apologises_first(scene: Scene, *, within_s: Seconds, late_credit: Share) -> Verdict:
    """In a complaint, an apology comes within so many seconds and before any solution or question;
    one that comes later counts `late_credit`."""
    start, end = scene.complaint_s, scene.complaint_s + within_s
    solutions = [hit.start_s for hit in scene.said('solution', start, end)]
    asked = [turn.start_s for turn in asking(scene, start, end)]
    until = min([*solutions, *asked, end])
    said = scene.said('apology', start, scene.call.duration_s)
    if said and said[0].start_s <= until:
        return passed('the apology came first', said[0])
    # In the turn of the first question itself it still comes before the caller has to answer.
    if said and (turn := scene.turn_at(AGENT, until)) and said[0].start_s <= min(
            [turn.end_s, *solutions]):
        return passed('the apology came with the first question', said[0])
    why = scene.unchecked('apology', start, until if said else scene.call.duration_s)
    if why:
        return unknown(why)
    if said:
        return failed('the apology came late', said[0], score=late_credit)
    return failed('no apology', span=(start, scene.call.duration_s), speaker=AGENT)


@decider
def thanks_for_telling(scene: Scene) -> Verdict:
    """The caller who complains or suggests something is thanked for saying so."""
    suggestion = scene.said('suggestion')
    other = no_complaint(scene)
    if other and not suggestion:
        why = scene.unchecked('suggestion', 0.0, scene.call.duration_s)
        return other if other.result == UNKNOWN or not why else unknown(why)
    start = suggestion[0].start_s if other else scene.complaint_s
    return said_in(scene, 'thanks_for_telling', start, scene.call.duration_s)


@decider
def suggestion_acknowledged(scene: Scene, *, within_s: Seconds) -> Verdict:
    """A suggestion is thanked for and will be passed on."""
    suggestions = scene.said('suggestion')
    if not suggestions:
        return absent(scene, 'suggestion', 'no suggestion')
    start, end = suggestions[0].end_s, suggestions[0].end_s + within_s
    thanked = any_of([said_in(scene, act, start, end)
                      for act in ('thanks', 'thanks_for_telling')], 'thanks')
    return both(thanked, said_in(scene, 'pass_on', start, end))


@decider
@in_complaint
def asks_leave_to_question(scene: Scene, *, from_question: Count) -> Verdict:
    """In a complaint the agent asks leave before putting the second question, or whichever."""
    asked = asking(scene, scene.complaint_s, scene.call.duration_s)
    if len(asked) < from_question:
        if not scene.is_punctuated:
            return unknown('the transcript does not tell questions')
        why = scene.uncovered(AGENT, scene.complaint_s, scene.call.duration_s)
        return unknown(why) if why else not_applicable('hardly any question was asked')
    # Leave is often asked in the very turn of the question, or of the one before.
    until = asked[from_question - 1]
    return said_in(scene, 'leave_to_question', scene.complaint_s, until.end_s
                   if from_question < 2 or asked[from_question - 2] is until else until.start_s)


@decider
@in_complaint
def listens_to_the_end(scene: Scene, *, within_s: Seconds) -> Verdict:
    """In a complaint the agent does not interrupt the caller in the first so many seconds of it."""
    if not scene.has_lanes:
        return unknown('both parties share one channel')
    if scene.kpis.agent_interruptions is None:
        return unknown('who interrupts whom is not known')
    start, end = scene.complaint_s, scene.complaint_s + within_s
    cut = interruptions(scene, start, end)
    if cut:
        return failed(f'the agent cut in {len(cut)} times', cut[0])
    return passed('the caller could finish', span=(start, min(end, scene.call.duration_s)))


@decider
def slow_down_kindly(scene: Scene) -> Verdict:
    """Who is asked to speak more slowly hears an apology or understanding in the same turn."""
    asked = scene.said('slow_down')
    if not asked:
        return absent(scene, 'slow_down', 'nobody was asked to slow down')
    turn = scene.turn_at(AGENT, asked[0].start_s)
    span = (turn.start_s, turn.end_s) if turn else (asked[0].start_s, asked[0].end_s)
    return any_of([said_in(scene, act, *span) for act in ('apology', 'empathy')],
                  'an apology or understanding')


@decider
@in_complaint
def not_blamed(scene: Scene) -> Verdict:
    """In a complaint the agent does not say that the caller made the mistake."""
    return avoided_in(scene, 'blame', scene.complaint_s, scene.call.duration_s)


@decider
def no_argument(scene: Scene, *, contests: Count, within_s: Seconds, louder_db: Seconds) -> Verdict:
    """No stretch of so many seconds has that many contested overlaps together with words of
    disagreement or an agent who is that much louder than usual."""
    if not scene.has_lanes or scene.kpis.agent_interruptions is None:
        return unknown('who overlaps whom is not known')
    contested = [e for e in scene.events('overlap') if e.label == 'contested']
    usual = scene.kpis.agent_loudness_dbfs
    groups = [(first, first.start_s, first.start_s + within_s) for first, last in zip(
        contested, contested[contests - 1:], strict=False)
        if last.start_s - first.start_s <= within_s]
    if not groups:
        return passed('no struggle for the floor')
    for first, start, end in groups:
        argued = scene.said('disagreement', start, end)
        loud = [t for t in scene.agent_turns if start <= t.start_s <= end and usual is not None
                and t.level_dbfs is not None and t.level_dbfs >= usual + louder_db]
        if argued or loud:
            return failed('both talk at once, and it gets heated', argued[0] if argued else first)
    if usual is None:
        return unknown('how loud the agent is was not measured')
    why = next((w for _, start, end in groups if (w := scene.unchecked(
        'disagreement', start, end))), '')
    return unknown(why) if why else passed('a struggle for the floor, but no argument',
                                           groups[0][0])


@decider
def softened(scene: Scene, *, trigger: str, in_turn: tuple[str, ...], near: tuple[str, ...],
             within_s: Seconds, pair_min: Share) -> Verdict:
    """Each saying of the trigger has all the acts of `in_turn` in the same turn, and all of `near`
    within so many seconds before or after."""
    hits = scene.said(trigger)
    if not hits:
        return none_of(scene, trigger)
    spoken = [_whole_turn(scene, hit) for hit in hits]
    return both(*(paired(scene, spoken, trigger, act, hit_s, hit_s, pair_min)
                  for acts, hit_s in ((in_turn, _EDGE_S), (near, within_s)) for act in acts))


@decider
def answered_with(scene: Scene, *, trigger: str, acts: tuple[str, ...], within_s: Seconds,
                  pair_min: Share) -> Verdict:
    """Each saying of the trigger is answered with all of the acts, within so many seconds of the
    end of the turn it is said in: who is complained to cannot answer before."""
    hits = scene.said(trigger)
    if not hits:
        return none_of(scene, trigger)
    ends = [hit._replace(end_s=_whole_turn(scene, hit).end_s) for hit in hits]
    return both(*(paired(scene, ends, trigger, act, 0.0, within_s, pair_min) for act in acts))


@decider
@in_complaint
def offers_solution(scene: Scene, *, within_s: Seconds) -> Verdict:
    """In a complaint a solution is offered, and the caller is asked whether it will do."""
    offered = [hit for act in ('solution', 'remedy')
               for hit in scene.said(act, scene.complaint_s, scene.call.duration_s)]
    if not offered:
        return any_of([said_in(scene, act, scene.complaint_s, scene.call.duration_s)
                       for act in ('solution', 'remedy')], 'an offer of a solution')
    first = min(offered, key=lambda hit: hit.start_s)
    agreed = [hit for hit in scene.said('agreement_question')
              if any(o.start_s <= hit.start_s <= o.end_s + within_s for o in offered)]
    if agreed:
        return passed('a solution, and whether it will do', agreed[0])
    last = max(hit.end_s for hit in offered)
    why = scene.unchecked('agreement_question', first.start_s, last + within_s)
    return unknown(why) if why else failed('nobody asked whether it will do', first)


@decider
@in_complaint
def checks_understanding(scene: Scene) -> Verdict:
    """In a complaint the agent asks whether all is clear, between solution and farewell."""
    offered = scene.said('solution', scene.complaint_s, scene.call.duration_s)
    start = offered[-1].start_s if offered else scene.complaint_s
    farewells = [hit for hit in scene.said('farewell') if hit.start_s > start]
    end = farewells[-1].start_s if farewells else scene.call.duration_s
    return said_in(scene, 'clear_question', start, end)


@decider
def abuse_warning_first(scene: Scene) -> Verdict:
    """Abuse is met with one polite warning before the agent ends the call."""
    policy = scene.standard.abuse.policy
    if policy is None:
        return not_applicable('the standard does not ask for it')
    abuse = scene.said('abuse')
    if not abuse:
        return absent(scene, 'abuse', 'no abuse')
    side = scene.call.hung_up_by
    if side is None:
        return unknown('the phone system does not say who hung up')
    if side != AGENT:
        return passed('the agent did not hang up', abuse[0])
    if policy == 'end_at_once':
        return passed('the agent ended the call on abuse', abuse[0])
    warned = scene.said('abuse_warning', abuse[0].start_s, scene.call.duration_s)
    if warned:
        return passed('the agent warned before hanging up', warned[0])
    why = scene.unchecked('abuse_warning', abuse[0].start_s, scene.call.duration_s)
    return unknown(why) if why else failed('the agent hung up without a warning', abuse[0])


@decider
@in_complaint
def soft_close(scene: Scene) -> Verdict:
    """After a complaint, a soft close rather than a plain goodbye."""
    farewells = scene.said('farewell', *scene.closing)
    if not farewells:
        return absent(scene, 'goodbye', 'no farewell', scene.closing)
    return said_in(scene, 'soft_close', *scene.closing)


@decider
@in_complaint
def closes_with_courtesy(scene: Scene) -> Verdict:
    """A complaint ends with thanks or an apology."""
    start, end = scene.closing
    return any_of([said_in(scene, act, start, end)
                   for act in ('thanks', 'thanks_for_telling', 'apology')], 'thanks or an apology')


@decider
def escalates_when_needed(scene: Scene) -> Verdict:
    """A legal threat or abuse is taken to a superior."""
    heard = sorted([*scene.said('legal_threat'), *scene.said('abuse')],
                   key=lambda hit: hit.start_s)
    if not heard:
        return absent(scene, ('legal_threat', 'abuse'), 'no threat and no abuse')
    if any(at is not None and at > heard[0].start_s for at, _ in scene.metadata.transfers):
        return passed('the call was passed on', heard[0])
    verdict = said_in(scene, 'escalation', heard[0].start_s, scene.call.duration_s)
    return unknown('for review: a threat or abuse without an escalation that was heard') \
        if verdict.result == FAIL else verdict


def none_of(scene: Scene, trigger: str) -> Verdict:
    """Of a rule about a trigger that was not heard."""
    return absent(scene, trigger, f'no {trigger.replace("_", " ")}')


def both(*verdicts: Verdict) -> Verdict:
    """What several verdicts of one rule come to: broken if one is, known if all are; `score` is
    the worst one's."""
    for result in (FAIL, UNKNOWN, PASS):
        found = [verdict for verdict in verdicts if verdict.result == result]
        if found:
            return min(found, key=lambda verdict: verdict.score or 0.0)
    return verdicts[0]


def asking(scene: Scene, start_s: float, end_s: float) -> list[Turn]:
    """The turns in which the agent asks between two instants, once a question; an offer of help
    is none."""
    offers = scene.said('offer_help', start_s, end_s)
    return [turn for turn, found in scene.questions if start_s <= turn.start_s <= end_s
            and not any(turn.start_s <= hit.start_s <= turn.end_s for hit in offers)
            for _ in found]


def interruptions(scene: Scene, start_s: float, end_s: float) -> list[Event]:
    """The agent's interruptions that begin between two instants, of the length that counts."""
    least = scene.standard.overlaps.headline_s
    return [e for e in scene.events('overlap') if e.label in INTERRUPTIONS and e.speaker == AGENT
            and e.end_s - e.start_s >= least and start_s <= e.start_s <= end_s]


def _whole_turn(scene: Scene, hit: Event) -> Event:
    """A phrase as long as the turn it is said in."""
    turn = scene.turn_at(hit.speaker or AGENT, hit.start_s)
    return hit._replace(start_s=turn.start_s, end_s=turn.end_s) if turn else hit
