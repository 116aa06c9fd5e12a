"""Closing: further help, thanks or a wish, farewell, who hangs up; and promises to call back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache
from statistics import median

from transforms.lexicon import Lexicon
from transforms.rules.clock import NO_CLOCK, local_time
from transforms.rules.elements import heard, plain
from transforms.rules.options import Ratio, Seconds, Share
from transforms.rules.pace import agent_rates
from transforms.rules.registry import decider
from transforms.rules.scene import UNREAD, Scene
from transforms.rules.shapes import absent, graded, limit, said_in
from transforms.rules.signoff import ACTS, Group
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
from transforms.talk import FULL, NONE
from warehouse.records import AGENT, CALLER, Event

NO_SIGNOFF = 'the call has no sign-off'
_DAYS = ('monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday')


@decider
def closing_step(scene: Scene, *, step: str) -> Verdict:
    """A step of the sign-off (further_help, thanks, wish, farewell) is said where the call ends,
    as `closing.require` asks for it; a step that another may stand for is kept by either. Said
    before business resumed it fails, and counts `scores.stale_credit`."""
    signoff = scene.signoff
    exempt = _exempt(scene)
    if exempt:
        return exempt
    group = next((g for g in signoff.steps if step in g
                  or (step == 'farewell' and 'soft_close' in g)), None)
    if group is None:
        return not_applicable('the standard does not ask for it')
    hit = _said(scene, group, step)
    if step == 'wish' and group[0] != 'wish':
        # Thanks stand for it, and are judged by the rule of thanks.
        return passed('wish was said', hit) if hit else not_applicable('thanks stand for a wish')
    state = signoff.steps[group]
    if state == 'present':
        return passed(f'{_name(group)} was said', hit)
    if state == 'unknown':
        return unknown(signoff.unheard.get(group) or UNREAD)
    if state == 'stale':
        return failed(f'{_name(group)} was said before business resumed', span=scene.closing,
                      score=scene.standard.scores.stale_credit, speaker=AGENT)
    return failed(f'{_name(group)} was not said', span=scene.closing, speaker=AGENT)


@decider
def closing_in_order(scene: Scene) -> Verdict:
    """The steps of the sign-off are all said, in order: further help, thanks or wish, farewell.
    Says the same as `signoff_spoken` of the measures."""
    signoff = scene.signoff
    exempt = _exempt(scene)
    if exempt:
        return exempt
    if signoff.spoken == 'not_applicable':
        return not_applicable('the standard asks for nothing to be said')
    if signoff.spoken == 'unknown':
        return unknown(signoff.why.get('signoff_spoken', UNREAD))
    span = (signoff.cluster[0].start_s, signoff.cluster[-1].end_s) if signoff.cluster \
        else scene.closing
    decide = passed if signoff.spoken == 'in_order' else failed
    return decide(signoff.spoken.replace('_', ' '), span=span, speaker=AGENT,
                  evidence=signoff.order or None)


@decider
def hangs_up_second(scene: Scene) -> Verdict:
    """The side that `closing.hangs_up_first` names hangs up, as the phone system tells. An agent
    may end a call in which nobody is heard, after a warning of abuse, and after giving the line
    to other customers."""
    signoff, by = scene.signoff, scene.call.hung_up_by
    exempt = _exempt(scene)
    if exempt:
        return exempt
    if signoff.hangup == 'exempt':
        return not_applicable('either side may hang up first')
    if by == AGENT and scene.said('line_yield'):
        return not_applicable('the agent gave the line to other customers')
    if signoff.hangup == UNKNOWN:
        return unknown('the direction of the call is not known' if by
                       else 'the phone system does not say who hung up')
    decide = passed if signoff.hangup == PASS else failed
    return decide(f'the {by} hung up', span=(scene.conversation_end_s, scene.call.duration_s),
                  speaker=by)


@decider
def help_asked_willingly(scene: Scene, *, least_gap_s: Seconds,
                         max_ratio: Ratio, min_units: int,
                         min_turns: int) -> Verdict:
    """The last question for further help is not rushed: the caller speaks or at least
    `least_gap_s` pass before the next closing act, and it is at most `max_ratio` times as fast as
    the agent's middle turn (of at least `min_units` words, among `min_turns`)."""
    hit = next((h for h in reversed(scene.signoff.cluster) if ACTS[h.label] == 'further_help'),
               None)
    if hit is None:
        return absent(scene, 'further_help', 'no further help was offered', scene.closing)
    after = next((h for h in scene.signoff.cluster if h.start_s >= hit.end_s), None)
    if after is not None and after.start_s - hit.end_s < least_gap_s and not any(
            turn.speaker == CALLER and hit.end_s <= turn.start_s <= after.start_s
            for turn in scene.turns):
        return failed('the caller was given no time to answer', hit)
    why = scene.uncovered(AGENT, hit.start_s, hit.end_s)
    if why:
        return unknown(why)
    spoken = agent_rates(scene)
    rates = [rate for count, rate in spoken if count >= min_units and rate > 0]
    turn = scene.turn_at(AGENT, hit.start_s)
    if turn is None or len(rates) < min_turns or hit.end_s <= hit.start_s:
        return unknown('too few words for a rate')
    letters = sum(map(len, turn.text.split())) or 1
    share = sum(map(len, (hit.evidence or '').split())) / letters
    count = spoken[scene.agent_turns.index(turn)][0] * share
    ratio = 60 * count / (hit.end_s - hit.start_s) / median(rates)
    decide = passed if ratio <= max_ratio else failed
    return decide(f'{ratio:.2f} times the agent\'s usual rate', hit)


@decider
def weekend_wished(scene: Scene, *, days: tuple[str, ...]) -> Verdict:
    """A pleasant weekend or holiday is wished on these days, and on and before the dates of
    `closing.holidays`, in standards that ask for it (`closing.weekend_wish`)."""
    rule = scene.standard.closing
    if not rule.weekend_wish:
        return not_applicable('the standard does not ask for it')
    exempt = _exempt(scene)
    if exempt:
        return exempt
    now = local_time(scene, scene.call.duration_s)
    if now is None:
        return unknown(NO_CLOCK)
    near = {now.date().isoformat(), (now.date() + timedelta(days=1)).isoformat()}
    if _DAYS[now.weekday()] not in days and near.isdisjoint(rule.holidays):
        return not_applicable('an ordinary working day')
    start, end = scene.closing
    said = scene.said('weekend_wish', start, end)
    if said:
        return passed('a pleasant weekend was wished', said[0])
    why = scene.unchecked('weekend_wish', start, end)
    return unknown(why) if why else failed('no weekend or holiday wish', span=(start, end),
                                           speaker=AGENT)


@decider
def promises_properly(scene: Scene, *, weights: Mapping[str, float],
                      pass_score: Share) -> Verdict:
    """A promise to answer later comes with an apology and a time, in the same or the agent's next
    turn. `weights`: of apology and time; `score` is the share that is kept, from `pass_score` on.
    Standards in which the agent need not say when (`callback.agent_states_when`) ask for the
    apology alone.
    """
    promises = scene.said('callback_by_agent')
    if not promises:
        return absent(scene, 'callback_by_agent', 'no answer was promised')
    promise = promises[-1]
    start, end = _same_or_next_turn(scene, promise)
    parts = [('an apology', weights['apology'], said_in(scene, 'apology', start, end))]
    if scene.standard.callback.agent_states_when:
        parts.append(('a time', weights['time_named'],
                      passed('it names its time', promise) if _has_time(scene, promise)
                      else said_in(scene, 'time_named', start, end)))
    return graded(parts, pass_score, 'promised as it should be', 'promised without', promise)


@decider
def number_taken(scene: Scene) -> Verdict:
    """Who promises to call back asks for the number, reads it back or has it confirmed."""
    promises = scene.said('callback_by_agent')
    end = scene.call.duration_s
    if not promises:
        return absent(scene, 'callback_by_agent', 'no call was promised')
    acts = ('ask_phone', 'number_confirmed', 'read_back')
    for act in acts:
        if scene.said(act):
            return passed(f'{act.replace("_", " ")} was said', scene.said(act)[0])
    why = scene.any_unchecked(acts, 0.0, end)
    return unknown(why) if why else failed('the number was not asked for', promises[0])


@decider
def promise_kept(scene: Scene) -> Verdict:
    """Whether a promised call came is seen in later calls to the customer alone."""
    if scene.standard.callback.deadline_h is None:
        return not_applicable('the standard names no time')
    if scene.said('callback_by_agent'):
        return unknown('later calls tell whether the promised one came')
    return absent(scene, 'callback_by_agent', 'no call was promised')


@decider
def name_left(scene: Scene) -> Verdict:
    """Who has the customer call back says who they are: afterwards, or, in standards that ask for
    first name and surname (`opening.full_name`), anywhere in the call."""
    asked = scene.said('callback_by_caller')
    end = scene.call.duration_s
    if not asked:
        return absent(scene, 'callback_by_caller', 'the customer is not to call back')
    turn = scene.turn_at(AGENT, asked[0].start_s)
    start = turn.start_s if turn else asked[0].start_s
    verdict = heard(scene, 'self_name', 0.0 if scene.standard.opening.full_name else start, end)
    return verdict if verdict.result != FAIL else failed(
        'the customer was not told whom to ask for', asked[0])


@decider
def idle_call_ended(scene: Scene) -> Verdict:
    """A caller who is asked to give the line to others is thanked or apologised to, and bidden
    farewell."""
    yielded = scene.said('line_yield')
    end = scene.call.duration_s
    if not yielded:
        return absent(scene, 'line_yield', 'the caller was not asked to leave')
    turn = scene.turn_at(AGENT, yielded[0].start_s)
    start = turn.start_s if turn else yielded[0].start_s
    for acts in (('thanks', 'apology'), ('goodbye', 'soft_close')):
        if any(scene.said(act, start, end) for act in acts):
            continue
        why = scene.any_unchecked(acts, start, end)
        return unknown(why) if why else failed(f'no {" or ".join(acts)}'.replace('_', ' '),
                                               yielded[0])
    return passed('with thanks or an apology, and a farewell', yielded[0])


@decider
def ends_in_time(scene: Scene, *, max_s: Seconds) -> Verdict:
    """From the last business to the end of the call no more than `max_s` pass."""
    signoff = scene.signoff
    if signoff.is_exempt:
        return not_applicable(NO_SIGNOFF)
    if scene.phrase_trust == NONE:
        return unknown(UNREAD)
    ends = signoff.cluster[0].start_s if signoff.cluster else scene.conversation_end_s
    business = max((turn.end_s for turn in scene.turns
                    if turn.end_s <= ends and not turn.is_backchannel), default=ends)
    turn = scene.turn_at(AGENT, ends)
    if turn is not None and signoff.cluster and turn.start_s < ends - 1.0:
        business = ends  # the agent goes on to the closing in the same turn
    length = scene.call.duration_s - business
    if scene.is_cut_short and length <= max_s:
        return unknown('the recording ends before the call')
    if scene.phrase_trust != FULL and length <= max_s:
        return unknown('where the business ends is not known')
    return limit(length, f'{length:.0f} s from the last business to the end', high=max_s,
                 span=(business, scene.call.duration_s))


def _exempt(scene: Scene) -> Verdict | None:
    """The verdict where there was no sign-off to judge, or perhaps none; None where there was."""
    exempt = scene.signoff.is_exempt
    if exempt is None:
        return unknown('whether the caller just left is not known')
    return not_applicable(NO_SIGNOFF) if exempt else None


def _said(scene: Scene, group: Group, step: str) -> Event | None:
    """Where a step was said in the end: by its own act, else by one that may stand for it."""
    own = {'farewell': ('farewell',)}.get(step, (step,))
    for acts in (own, group, ('thanks', 'wish') if step == 'farewell' else ()):
        hits = [hit for hit in scene.signoff.cluster if ACTS[hit.label] in acts]
        if hits:
            return hits[-1] if step == 'farewell' else hits[0]
        if step == 'wish':
            return None
    return None


def _name(group: Group) -> str:
    return ' or '.join(group).replace('_', ' ')


def _same_or_next_turn(scene: Scene, hit: Event) -> tuple[float, float]:
    """From the start of the agent's turn around a phrase to the end of its next one."""
    turns = scene.agent_turns
    at = next((i for i, turn in enumerate(turns) if turn.start_s <= hit.start_s <= turn.end_s),
              None)
    if at is None:
        return hit.start_s, hit.end_s
    return turns[at].start_s, turns[min(at + 1, len(turns) - 1)].end_s


def _has_time(scene: Scene, hit: Event) -> bool:
    """Whether a promise names its time itself: "we'll get back to you within two days". Then it
    is known by a phrase with a slot, and holds more than that phrase's own words."""
    if scene.lexicon is None or not hit.evidence:
        return False
    said = plain(hit.evidence)
    return any(first in said and last in said for first, last in _timed(scene.lexicon))


@lru_cache(maxsize=16)
def _timed(lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """The phrases that promise an answer and name its time: what stands before and after, `plain`.
    """
    promises = lexicon.categories.get('callback_commitment', ())
    return tuple((plain(first), plain(last)) for phrase in promises
                 for first, slot, last in (phrase.partition('{duration}'),) if slot)
