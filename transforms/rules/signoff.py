"""The sign-off: further help, thanks or a wish, farewell, and who hangs up.

An act that was heard was said. One that was not heard was not said only where everything was:
see `_absence_proves`. What stays open is `unknown`, unless all ways to fill it agree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import TYPE_CHECKING

from transforms.phrases import Matcher
from transforms.standard import ClosingRule
from transforms.talk import FULL, NONE
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, CALLER, Event

if TYPE_CHECKING:  # a scene knows its sign-off
    from transforms.rules.scene import Scene

ACTS = {
    'further_help_question': 'further_help', 'thanks': 'thanks', 'thanks_for_calling': 'thanks',
    'good_day_wish': 'wish', 'weekend_wish': 'wish', 'apology': 'apology', 'farewell': 'farewell',
    'soft_close': 'farewell',
}
_PLACE = {'further_help': 0, 'thanks': 1, 'wish': 1, 'apology': 1, 'farewell': 2, 'soft_close': 2}

# The act of `configs/lexicon/acts.yaml` that says whether one was looked for in earnest. A draft of
# soft closes does not make the farewells one.
_LISTS = {'further_help': 'further_help', 'thanks': 'thanks', 'wish': 'wish', 'apology': 'apology',
          'farewell': 'goodbye', 'soft_close': 'goodbye'}

Group = tuple[str, ...]


@dataclass(frozen=True)
class Signoff:
    """How the agent ended the call.

    Attributes:
      order: the closing acts heard, comma-separated; '' where the end was heard and held none of
        it, None where it was not heard. Whether that proves anything says `spoken`.
      spoken, status: as in the `kpis` table.
      cluster: the closing acts that end the call.
      steps: what is required to be said -> present, stale, absent or unknown; empty in a call that
        has no sign-off.
      hangup: pass, fail, unknown or exempt: whether the required side hung up first.
      in_order: whether the steps that are present came in order.
      is_exempt: whether the call has no sign-off to judge: nobody to be heard, left by transfer,
        the caller just hung up, or the agent after a warning of abuse; None where not known.
      unheard: step -> why it is unknown whether it was said.
      why: column of `kpis` -> why it is unknown.
    """

    order: str | None
    spoken: str
    status: str
    cluster: tuple[Event, ...]
    steps: Mapping[Group, str]
    hangup: str
    in_order: bool
    is_exempt: bool | None
    unheard: Mapping[Group, str]
    why: dict[str, str]


def find_signoff(scene: Scene) -> Signoff:
    """Judges how the agent ended the call."""
    closing = scene.standard.closing
    acts = [] if scene.phrase_trust == NONE else sorted(
        (hit for category in ACTS for hit in scene.phrases(category) if hit.speaker == AGENT),
        key=lambda hit: (hit.start_s, hit.end_s, hit.label))
    cluster = terminal_cluster(acts, scene)
    order = None
    if scene.phrase_trust != NONE and any(t.word_count for t in scene.turns if t.speaker == AGENT):
        order = ','.join(dict.fromkeys(ACTS[hit.label] for hit in cluster))
    if _no_conversation(scene):
        return Signoff(order, 'not_applicable', 'not_applicable', cluster, {}, 'exempt', True,
                       True, {}, {})
    groups = _groups(scene)
    unheard: dict[Group, str] = {}
    steps = _steps(groups, acts, cluster, scene, unheard)
    in_order = order_ok(groups, cluster, closing)
    spoken = judge(steps, 'exempt', in_order)
    is_exempt = _is_exempt(steps, acts, scene)
    if is_exempt is False:
        hangup, status = _with_hangup(steps, in_order, scene)
    else:
        hangup, status = 'exempt', 'not_applicable' if is_exempt else 'unknown'
    why = {name: _why_unknown(name, steps, scene)
           for name, value in (('signoff_spoken', spoken), ('signoff_status', status))
           if value == 'unknown'}
    if order is None:
        why['signoff_order'] = 'the words are not known well enough'
    return Signoff(order, spoken, status, cluster, steps, hangup, in_order, is_exempt, unheard,
                   why)


def terminal_cluster(acts: Sequence[Event], scene: Scene) -> tuple[Event, ...]:
    """The closing acts that end the call: back from the last one until business lies between."""
    closing = scene.standard.closing
    if not acts or scene.conversation_end_s - acts[-1].start_s > closing.cluster_end_s:
        return ()
    first = len(acts) - 1
    while first > 0 and not _business(acts[first - 1], acts[first], scene):
        first -= 1
    return tuple(acts[first:])


def judge(steps: Mapping[Group, str], hangup: str, in_order: bool) -> str:
    """The most informative status that is certain.

    Args:
      steps: what is required -> present, stale, absent, unknown or exempt.
      hangup: pass, fail, unknown or exempt: whether the required side hung up first.
      in_order: whether the steps that are present came in order.
    """
    required = {step: state for step, state in steps.items() if state != 'exempt'}
    if not required and hangup == 'exempt':
        return 'not_applicable'
    unknown = [step for step, state in required.items() if state == 'unknown']
    seen: set[str] = set()
    for fill in product(('present', 'absent'), repeat=len(unknown)):
        filled = {**required, **dict(zip(unknown, fill, strict=True))}
        orders = (True, False) if unknown and in_order else (in_order,)
        if sum(state == 'present' for state in filled.values()) < 2:
            orders = (True,)
        sides = ('pass', 'fail') if hangup == 'unknown' else (hangup,)
        seen |= {_known(filled, side, order) for side, order in product(sides, orders)}
    return seen.pop() if len(seen) == 1 else 'unknown'


def order_ok(groups: Sequence[Group], cluster: Sequence[Event], closing: ClosingRule) -> bool:
    """Whether the acts present can be put in order: help, then thanks or wish, then farewell.

    A second thanks after the farewell does no harm; acts that are missing impose nothing.
    """
    times: dict[int, list[list[float]]] = {0: [], 1: [], 2: []}
    for group in groups:
        found = [m.start_s for m in cluster if _is_act(m, group, closing, cluster)]
        if found:
            times[_PLACE[group[0]]].append(found)
    slack = closing.order_slack_s
    first = max((min(found) for found in times[0]), default=float('-inf'))
    last = min((max(found) for found in times[2]), default=float('inf'))
    if not times[1]:
        return first < last + slack
    return all(any(first < at + slack and at < last + slack for at in found)
               for found in times[1])


def _known(steps: Mapping[Group, str], hangup: str, in_order: bool) -> str:
    said = [state for state in steps.values() if state in ('present', 'stale')]
    if steps and not said:
        return 'missing'
    good = all(state == 'present' for state in steps.values()) and hangup in ('pass', 'exempt')
    if not good:
        return 'partial'
    return 'in_order' if in_order else 'out_of_order'


def _business(before: Event, after: Event, scene: Scene) -> bool:
    """Whether the agent did other things between two closing acts."""
    closing, words = scene.standard.closing, scene.words
    if any(wait.length_s >= closing.break_hold_s and before.start_s <= wait.start_s
           and wait.end_s <= after.end_s for wait in scene.waits):
        return True
    starts = scene.word_starts
    said = [words.text[i] for i in range(bisect_left(starts, before.end_s),
                                         bisect_left(starts, after.start_s))
            if words.speaker[i] == AGENT and words.turn[i] >= 0]
    spaced = scene.language not in NO_SPACES
    left = closing.resume_words if spaced else closing.resume_chars
    if (len(said) if spaced else sum(map(len, said))) <= left:
        return False
    for text in said:
        if not _is_signal(scene.matcher, text):
            left -= 1 if spaced else len(text)
            if left < 0:
                return True
    return False


@lru_cache(maxsize=4096)
def _is_signal(matcher: Matcher, word: str) -> bool:
    """Whether a word alone is a listening signal."""
    return matcher.is_signal([word])


def _groups(scene: Scene) -> list[Group]:
    """What is required to be said; in a complaint an apology may stand for thanks or a wish."""
    groups = [(item,) if isinstance(item, str) else item
              for item in scene.standard.closing.require if item != 'hangup']
    return [(*group, 'apology') if scene.is_complaint and _PLACE[group[0]] == 1 else group
            for group in groups]


def _is_act(match: Event, group: Group, closing: ClosingRule, cluster: Sequence[Event]) -> bool:
    act = ACTS[match.label]
    if act in group or (act == 'farewell' and 'soft_close' in group):
        return True
    if closing.final_act == 'farewell_or_thanks' and _PLACE[group[0]] == 2:
        courtesies = [m for m in cluster if ACTS[m.label] in ('thanks', 'wish')]
        return bool(courtesies) and match is courtesies[-1]
    return False


def _steps(groups: Sequence[Group], acts: Sequence[Event], cluster: Sequence[Event],
           scene: Scene, unheard: dict[Group, str]) -> dict[Group, str]:
    """Each group's state; into `unheard` goes why it is unknown."""
    closing = scene.standard.closing
    half = scene.call.duration_s / 2
    out: dict[Group, str] = {}
    for group in groups:
        if any(_is_act(m, group, closing, cluster) for m in cluster):
            out[group] = 'present'
        elif why := _unchecked(group, cluster, scene):
            out[group], unheard[group] = 'unknown', why
        elif any(_is_act(m, group, closing, cluster) and m.start_s >= half for m in acts):
            out[group] = 'stale'
        else:
            out[group] = 'absent'
    return out


def _unchecked(group: Group, cluster: Sequence[Event], scene: Scene) -> str:
    """Why an act that was not heard at the end may have been said all the same; '' if not."""
    closing = scene.standard.closing
    opens = cluster[0].start_s if cluster else scene.conversation_end_s
    start = min(opens - closing.window_s, scene.conversation_end_s - closing.window_min_s)
    return scene.any_unchecked([_LISTS[act] for act in group], start, scene.call.duration_s)


def _no_conversation(scene: Scene) -> bool:
    """Calls that have no sign-off: left by transfer, nobody there, nobody to be heard."""
    agent, caller = scene.speech[AGENT], scene.speech[CALLER]
    last = agent[-1][1] if agent else 0.0
    if any(at is not None and at >= last for at, _ in scene.metadata.transfers):
        return True
    if not caller:
        return True
    if scene.trust == FULL:
        spoken = sum(turn.word_count for turn in scene.turns if turn.speaker == CALLER)
        if spoken < scene.standard.closing.min_caller_words \
                and not scene.uncovered(CALLER, 0.0, scene.call.duration_s):
            return True
    unheard = [hit.end_s for hit in scene.said('no_audio')]
    return bool(unheard) and caller[-1][1] <= unheard[-1]


def _is_exempt(steps: Mapping[Group, str], acts: Sequence[Event], scene: Scene) -> bool | None:
    """Whether there was no sign-off to be had; None where that is not known."""
    call = scene.call
    if call.hung_up_by == AGENT and scene.said('abuse_warning'):
        return True
    if call.hung_up_by == CALLER and not acts and scene.phrase_trust != NONE \
            and call.duration_s - scene.conversation_end_s < scene.standard.closing.left_s:
        # The caller left. If an act went unheard, that is not so.
        return True if 'unknown' not in steps.values() else None
    return False


def _with_hangup(steps: Mapping[Group, str], in_order: bool, scene: Scene) -> tuple[str, str]:
    """Whether the right side hung up, and the status with that."""
    call, closing = scene.call, scene.standard.closing
    required = {'inbound': closing.hangs_up_first.inbound,
                'outbound': closing.hangs_up_first.outbound}
    sides = set(required.values()) if call.direction is None else {required[call.direction]}
    if 'hangup' not in closing.require:
        sides = {'any'}
    hangups = {_hangup(side, call.hung_up_by) for side in sides}
    seen = {judge(steps, hangup, in_order) for hangup in hangups}
    return (hangups.pop() if len(hangups) == 1 else 'unknown',
            seen.pop() if len(seen) == 1 else 'unknown')


def _hangup(side: str, hung_up_by: str | None) -> str:
    if side == 'any':
        return 'exempt'
    if hung_up_by is None:
        return 'unknown'
    return 'pass' if hung_up_by == side else 'fail'


def _why_unknown(column: str, steps: Mapping[Group, str], scene: Scene) -> str:
    if scene.phrase_trust == NONE:
        return 'the words are not known well enough'
    unheard = [' or '.join(group) for group, state in steps.items() if state == 'unknown']
    if unheard:
        return f'not heard, which does not prove it was not said: {", ".join(unheard)}'
    if column == 'signoff_status' and scene.call.hung_up_by is None:
        return 'the phone system does not say who hung up'
    return 'the direction of the call is not known'
