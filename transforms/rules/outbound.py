"""Outbound: calls that the agent makes; and what else documents ask of follow-up calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import wraps
from math import inf
from typing import Any

from transforms.rules.clock import NO_CLOCK, local_time
from transforms.rules.closing import closing_step
from transforms.rules.elements import heard, plain
from transforms.rules.options import ActName, Seconds, Share
from transforms.rules.registry import Decider, decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import absent, assented, avoided_in, graded, said_in
from transforms.rules.verdict import (
    FAIL,
    NOT_APPLICABLE,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    shared,
    unknown,
)
from warehouse.records import AGENT, CALLER, Event

# Questions and offers that belong to the matter of a call, not to its courtesies.
BUSINESS = ('data_check', 'satisfaction', 'special_needs', 'services', 'invitation', 'appointment')
_TAG = ('[phone]', '[email]', '[account]', '[card]')


def on_outbound(decide: Decider) -> Decider:
    """A rule of calls that the agent makes: of others it asks for nothing."""
    @wraps(decide)
    def asked(scene: Scene, **options: Any) -> Verdict:
        return _not_outbound(scene) or decide(scene, **options)
    return asked


@decider
@on_outbound
def within_call_hours(scene: Scene, *, exempt_types: tuple[str, ...]) -> Verdict:
    """The call is made within `callback.hours` and outside `callback.lunch`, by the customer's
    clock. Calls of the exempt types were asked for at their hour."""
    rule = scene.standard.callback
    hours = None if rule.hours is None else [_hour(text) for text in rule.hours]
    if hours is None or None in hours:
        return not_applicable('the standard names no hours')
    if scene.metadata.call_type in exempt_types:
        return not_applicable('the hour was agreed')
    now = local_time(scene, 0.0)
    if now is None:
        return unknown(NO_CLOCK)
    hour = now.hour + now.minute / 60
    why = f'called at {now:%H:%M} of the customer\'s clock'
    lunch = [_hour(text) for text in rule.lunch or ()]
    if not _between(hour, hours) or (lunch and _between(hour, lunch)):
        return failed(why, speaker=AGENT)
    return passed(why, speaker=AGENT)


@decider
@on_outbound
def outbound_says(scene: Scene, *, act: ActName, window: str) -> Verdict:
    """On calls that the agent makes, the act is said in the window."""
    return _uncut(scene, said_in(scene, act, *scene.window(window)))


@decider
@on_outbound
def confirms_person(scene: Scene, *, window: str) -> Verdict:
    """The agent asks whether this is the right person, by phrase or by the customer's name as a
    question."""
    start, end = scene.window(window)
    name = plain(scene.metadata.caller_name or '')
    for turn in scene.agent_turns if name else ():
        if start <= turn.start_s <= end and '?' in turn.text.replace('？', '?') \
                and any(plain(part) in plain(turn.text)
                        for part in (scene.metadata.caller_name or '').split() if len(part) > 1):
            return passed('the customer\'s name was asked', span=(turn.start_s, turn.end_s),
                          speaker=AGENT, evidence=turn.text[:200])
    return _uncut(scene, said_in(scene, 'confirm_person', start, end))


@decider
@on_outbound
def introduces_itself(scene: Scene, *, window: str) -> Verdict:
    """The agent gives name and company in the window."""
    span = scene.window(window)
    found = [_uncut(scene, heard(scene, element, *span)) for element in ('self_name', 'company')]
    return _worst(found)


@decider
@on_outbound
def asks_convenience(scene: Scene, *, window: str) -> Verdict:
    """The agent asks whether it suits, after its name and before the first business question."""
    start, end = scene.window(window)
    name = scene.said('self_name', start, end)
    begin = name[0].start_s if name else start
    business = min((hit.start_s for act in BUSINESS for hit in scene.said(act, begin, end)),
                   default=inf)
    return _uncut(scene, said_in(scene, 'convenience', begin, min(end, business),
                                 missing='it was not asked whether it suits, before business'))


@decider
@on_outbound
def reschedules(scene: Scene, *, within_s: Seconds, pair_min: Share) -> Verdict:
    """A customer who is busy is offered another time: asked when, or told when the agent calls."""
    return _answered(scene, 'caller_busy', within_s, pair_min,
                     (('call_again_offer',), ('callback_by_agent', 'time_named')),
                     'busy customers offered another time')


@decider
@on_outbound
def refusal_respected(scene: Scene, *, within_s: Seconds) -> Verdict:
    """After the customer declines, the agent apologises within so many seconds and brings up no
    more business."""
    refusals = scene.said('caller_refusal')
    if not refusals:
        return absent(scene, 'caller_refusal', 'the customer declines nothing')
    first = refusals[0]
    pushed = min((hit for act in BUSINESS for hit in scene.said(act, first.end_s)),
                 key=lambda hit: hit.start_s, default=None)
    if pushed is not None:
        return failed('more business after the customer declined', pushed)
    verdict = said_in(scene, 'apology', first.start_s, first.end_s + within_s)
    if verdict.result == FAIL:
        return failed('no apology after the customer declined', first)
    if verdict.result == UNKNOWN:
        return verdict
    return passed('the customer\'s no was accepted', first)


@decider
@on_outbound
def no_harmful_opener(scene: Scene, *, window: str, courteous_in: tuple[str, ...]) -> Verdict:
    """No riddles ("guess who is calling") and no "sorry to trouble you", which is courtesy in some
    languages (`courteous_in`)."""
    acts = ['harmful_opener', *([] if scene.language in courteous_in else ['trouble_you'])]
    return _uncut(scene, _worst([avoided_in(scene, act, *scene.window(window)) for act in acts]))


@decider
@on_outbound
def name_not_rushed(scene: Scene, *, call_types: tuple[str, ...]) -> Verdict:
    """On cold calls the agent asks the customer's name after giving its own and letting the
    customer speak."""
    wrong = _other_type(scene, call_types)
    if wrong:
        return wrong
    asked = scene.said('ask_name')
    if not asked:
        return absent(scene, 'ask_name', 'the name was not asked for')
    hit = asked[0]
    if not any(turn.speaker == CALLER and turn.start_s < hit.start_s for turn in scene.turns):
        return failed('the name was asked for before the customer spoke', hit)
    own = heard(scene, 'self_name', 0.0, hit.start_s)
    if own.result == FAIL:
        return failed('the name was asked for before the agent gave its own', hit)
    return own if own.result == UNKNOWN else passed('the customer was let settle first', hit)


@decider
@on_outbound
def verifies_data(scene: Scene, *, call_types: tuple[str, ...], within_s: Seconds) -> Verdict:
    """On follow-up calls the customer's data are checked, and the customer confirms them within so
    many seconds."""
    wrong = _other_type(scene, call_types)
    if wrong:
        return wrong
    checks = scene.said('data_check')
    if checks:
        answers = [assented(scene, hit.start_s, hit.end_s + within_s) for hit in checks]
        if True in answers:
            return passed('the data were checked', checks[answers.index(True)])
        return unknown('the customer\'s answer was not heard') if None in answers else failed(
            'the customer did not confirm the data', checks[0])
    if any(tag in turn.text for turn in scene.turns for tag in _TAG):
        return unknown('the data are redacted')
    why = scene.unchecked('data_check', 0.0, scene.call.duration_s)
    return unknown(why) if why else failed('the data were not checked', speaker=AGENT)


@decider
def mentions_services(scene: Scene) -> Verdict:
    """Other services or offers are mentioned, unless the call is a complaint."""
    if scene.is_complaint:
        return not_applicable('not in a complaint')
    verdict = said_in(scene, 'services', 0.0, scene.call.duration_s)
    if scene.is_complaint is None and verdict.result != UNKNOWN:
        return unknown('whether the call is a complaint is not known')
    return verdict


@decider
def reminds_documents(scene: Scene, *, queues: tuple[str, ...]) -> Verdict:
    """In the queues of retail the customer is reminded of receipt and membership card."""
    if not queues:
        return not_applicable('no queue is one of retail')
    if scene.call.queue is None:
        return unknown('the queue is not known')
    if scene.call.queue not in queues:
        return not_applicable('not a queue of retail')
    return said_in(scene, 'documents', 0.0, scene.call.duration_s)


@decider
@on_outbound
def thanks_for_time(scene: Scene) -> Verdict:
    """Calls that the agent makes end with thanks or a wish, and a farewell."""
    steps = [closing_step(scene, step='thanks'), closing_step(scene, step='farewell')]
    asked = [step for step in steps if step.result != NOT_APPLICABLE]
    return _worst(asked) if asked else steps[0]


@decider
def appointment_confirmed(scene: Scene, *, weights: Mapping[str, float], within_s: Seconds,
                          pass_score: Share) -> Verdict:
    """An appointment is confirmed with its time, the customer agrees within so many seconds, and
    leave is asked to remind them. `weights`: of time, assent and reminder; `score` is the share
    that is kept, from `pass_score` on."""
    made = scene.said('appointment')
    if not made:
        return absent(scene, 'appointment', 'no appointment was made')
    hit = made[-1]
    span = hit.start_s - within_s, hit.end_s + within_s
    agreed = said_in(scene, 'assent', hit.end_s, span[1])
    # A turn of "yes, okay" alone is found as a listening signal.
    nod = next((other for other in scene.phrases('backchannel') if other.speaker == CALLER
                and hit.end_s <= other.start_s <= span[1]), None)
    return graded([('time', weights['time'], said_in(scene, 'time_named', *span)),
                   ('reminder', weights['reminder'],
                    said_in(scene, 'reminder_question', 0.0, scene.call.duration_s)),
                   ('assent', weights['assent'],
                    passed('the customer agreed', nod) if nod else agreed)],
                  pass_score, 'appointment confirmed', 'appointment without', hit)


@decider
def gives_directions(scene: Scene) -> Verdict:
    """Who is invited is told the address or the way."""
    invited = scene.said('invitation')
    end = scene.call.duration_s
    if not invited:
        return absent(scene, 'invitation', 'nobody was invited')
    return said_in(scene, 'address', 0.0, end)


@decider
def no_price(scene: Scene, *, call_types: tuple[str, ...],
             currency: Mapping[str, tuple[str, ...]]) -> Verdict:
    """On sales calls the agent names no price: no word of `currency` (by language)."""
    wrong = _other_type(scene, call_types)
    if wrong:
        return wrong
    words = currency.get(scene.language)
    if words is None:
        return unknown(f'the currencies of {scene.language} are not known')
    for turn in scene.agent_turns:
        text = turn.text.lower()
        word = next((word for word in words if word in text), None)
        if word is not None:
            return failed(f'{word} was said', span=(turn.start_s, turn.end_s), speaker=AGENT,
                          evidence=turn.text[:200])
    why = scene.uncovered(AGENT, 0.0, scene.call.duration_s)
    return unknown(why) if why else passed('no price was named', speaker=AGENT)


def _not_outbound(scene: Scene) -> Verdict | None:
    direction = scene.call.direction
    if direction is None:
        return unknown('the direction of the call is not known')
    if direction != 'outbound':
        return not_applicable('the customer called')
    return not_applicable('nobody answered') if scene.answer_s is None else None


def _other_type(scene: Scene, call_types: tuple[str, ...]) -> Verdict | None:
    told = scene.metadata.call_type
    if told is None:
        return unknown('the type of the call is not known')
    return None if told in call_types else not_applicable(f'not on calls of type {told}')


def _uncut(scene: Scene, verdict: Verdict) -> Verdict:
    """Where the recording misses the opening, nothing follows from what is not in it."""
    decided = verdict.result == FAIL and verdict.evidence is None
    return unknown('the recording begins after the answer') \
        if decided and scene.is_cut_off_at_start else verdict


def _worst(verdicts: Sequence[Verdict]) -> Verdict:
    """The one that fails, else one that is not known, else the first."""
    for result in (FAIL, UNKNOWN):
        for verdict in verdicts:
            if verdict.result == result:
                return verdict
    return verdicts[0]


def _answered(scene: Scene, trigger: str, within_s: float, pair_min: float,
              ways: Sequence[tuple[str, ...]], why: str) -> Verdict:
    """Each saying of the trigger is followed by all acts of one of the ways."""
    triggers = scene.said(trigger)
    if not triggers:
        return absent(scene, trigger, f'no {trigger.replace("_", " ")}')
    passes, missed, gap = 0, list[Event](), ''
    for hit in triggers:
        start, end = hit.start_s, hit.end_s + within_s
        if any(all(scene.said(act, start, end) for act in way) for way in ways):
            passes += 1
            continue
        found = next((w for way in ways for act in way
                      if (w := scene.unchecked(act, start, end))), '')
        gap = found or gap
        if not found:
            missed.append(hit)
    if not passes and not missed:
        return unknown(gap)
    return shared(passes, len(missed), pair_min, why, (missed or triggers)[0])


def _hour(text: str) -> float | None:
    hours, colon, minutes = text.partition(':')
    return int(hours) + int(minutes) / 60 if colon and (hours + minutes).isdigit() else None


def _between(hour: float, span: Sequence[float | None]) -> bool:
    start, end = span
    return start is not None and end is not None and start <= hour < end
