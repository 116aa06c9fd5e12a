"""The caller's name and details in the opening: asked for, remembered, thanked for."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.redact import CARD, EMAIL, PHONE
from transforms.rules.options import Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import absent, is_sure
from transforms.rules.verdict import (
    Verdict,
    failed,
    not_applicable,
    passed,
    shared,
    unknown,
)
from warehouse.records import AGENT, CALLER, Event, Turn

_TAGS = {'ask_phone': PHONE, 'ask_email': EMAIL}


@decider
def asks_caller_name(scene: Scene) -> Verdict:
    """The agent asks for the caller's name, unless the caller gives it or the phone system knows
    it."""
    if scene.metadata.caller_name:
        return not_applicable('the phone system names the caller')
    if scene.call.direction == 'outbound':
        return not_applicable('the agent called')
    given = scene.said('caller_name')
    asked = _asked(scene)
    if asked and not (given and given[0].start_s < asked[0].start_s):
        return passed('the name was asked for', asked[0])
    if given:
        return passed('the caller gave the name unasked', given[0])
    end = scene.call.duration_s
    why = scene.any_unchecked(('ask_name', 'caller_name'), 0.0, end)
    if not why and scene.call.direction is None:
        why = 'the direction of the call is not known'
    return unknown(why) if why else failed('the name was not asked for', speaker=AGENT)


@decider
def asks_to_be_reminded(scene: Scene) -> Verdict:
    """Who asks for the name a second time asks to be reminded of it."""
    asks = _asked(scene, 'ask_name_blunt')
    reminders = scene.said('name_reminder')
    again = [hit for hit in asks if hit.start_s >= asks[0].end_s
             and scene.turn_at(AGENT, hit.start_s) != scene.turn_at(AGENT, asks[0].start_s)]
    for hit in again or reminders[:1]:
        if any(_same(hit, reminder) for reminder in reminders):
            return passed('the agent asked to be reminded of the name', hit)
        if is_sure(scene, hit):
            why = scene.unchecked('name_reminder', hit.start_s, hit.end_s)
            return unknown(why) if why else failed('the name was asked for again', hit)
        return unknown('the name may have been asked for again')
    return absent(scene, 'ask_name', 'the name was not asked for twice')


@decider
def thanks_for_name(scene: Scene, *, answer_s: Seconds, within_s: Seconds,
                    titles: Mapping[str, tuple[str, ...]], pair_min: Share) -> Verdict:
    """A name that the caller gives within `answer_s` of being asked is thanked for within
    `within_s`, in a turn that addresses the caller by a title or by that name."""
    asked = _asked(scene)
    if not asked:
        return absent(scene, 'ask_name', 'the name was not asked for')
    known = titles.get(scene.language)
    passes, fails, why, at = 0, 0, 'no answer of the caller was heard', asked[0]
    for hit in asked:
        answer = next((turn for turn in scene.turns if turn.speaker == CALLER
                       and hit.end_s - 0.5 <= turn.start_s <= hit.end_s + answer_s), None)
        if answer is None:
            continue
        until = answer.end_s + within_s
        thanks = scene.said('thanks', answer.start_s, until)
        if any(_addresses(scene.turn_at(AGENT, said.start_s), answer, known or ())
               for said in thanks):
            passes += 1
            at = hit if not fails else at
            continue
        gap = scene.unchecked('thanks', answer.start_s, until) or (
            '' if known else f'the titles of {scene.language} are not known')
        if gap:
            why = gap
            continue
        at = hit if not fails else at
        fails += 1
    if not passes + fails:
        return unknown(why)
    return shared(passes, fails, pair_min, 'names with thanks and address', at)


@decider
def collects_details(scene: Scene, *,
                     require_fields: Mapping[str, tuple[str, ...]]) -> Verdict:
    """Every detail that the call's type requires is asked for or given. `require_fields`: call
    type -> the acts that ask (ask_name, ask_organisation, ask_phone, ask_email, position)."""
    if not require_fields:
        return not_applicable('no details are required')
    if scene.metadata.call_type is None:
        return unknown('the type of the call is not known')
    fields = require_fields.get(scene.metadata.call_type, ())
    if not fields:
        return not_applicable('no details are required of this type of call')
    missing: list[str] = []
    for act in fields:
        if scene.said(act) or (act == 'ask_name' and scene.said('caller_name')):
            continue
        if any(turn.speaker == CALLER and _tag(act) in turn.text for turn in scene.turns):
            continue
        why = scene.unchecked(act, 0.0, scene.call.duration_s)
        if why:
            return unknown(why)
        if any(tag in turn.text for tag in (PHONE, EMAIL, CARD, '[account]')
               for turn in scene.turns if turn.speaker == CALLER):
            return unknown('what the caller told is redacted')
        missing.append(act.removeprefix('ask_').replace('_', ' '))
    if missing:
        return failed(f'not asked for: {", ".join(missing)}', speaker=AGENT)
    return passed('all details were taken', speaker=AGENT)


def _asked(scene: Scene, *more: str) -> list[Event]:
    """Where the agent asks for the name, each place once."""
    hits: list[Event] = []
    for hit in sorted((hit for act in ('ask_name', 'name_reminder', *more)
                       for hit in scene.said(act)), key=lambda hit: (hit.start_s, -hit.end_s)):
        if not hits or hit.start_s >= hits[-1].end_s:
            hits.append(hit)
    return hits


def _same(one: Event, other: Event) -> bool:
    return one.start_s < other.end_s and other.start_s < one.end_s


def _addresses(turn: Turn | None, answer: Turn, titles: tuple[str, ...]) -> bool:
    """Whether a turn has a title, or a name that the caller's answer ends with."""
    if turn is None:
        return False
    words = turn.text.lower().replace(',', ' ').replace('.', ' ').split()
    name = answer.text.lower().strip(' .,!?。').split()[-2:]
    return any(title in words or (not title.isascii() and title in turn.text)
               for title in titles) or any(part.strip('.,') in words for part in name)


def _tag(act: str) -> str:
    return _TAGS.get(act, '\0')
