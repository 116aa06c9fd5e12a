"""The sign-off: further help, thanks or a wish, farewell, and who hangs up.

An act that was heard was said. One that was not heard was not said only where everything was:
see `_absence_proves`. What stays open is `unknown`, unless all ways to fill it agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from transforms.intervals import Span, clip, intersect, total, union
from transforms.metadata import Metadata
from transforms.phrases import Match, Matcher
from transforms.standard import ClosingRule, Standard
from transforms.talk import FULL, NONE, Talk
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, CALLER, Call, Words

ACTS = {
    'further_help_question': 'further_help', 'thanks': 'thanks', 'thanks_for_calling': 'thanks',
    'good_day_wish': 'wish', 'weekend_wish': 'wish', 'apology': 'apology', 'farewell': 'farewell',
}
_PLACE = {'further_help': 0, 'thanks': 1, 'wish': 1, 'apology': 1, 'farewell': 2, 'soft_close': 2}
_TOLD = frozenset({'manifest', 'config'})  # sources of the agent's lane that need no confidence

Group = tuple[str, ...]


@dataclass(frozen=True)
class Scene:
    """What a sign-off is judged by.

    Attributes:
      matches: the phrases said.
      holds: holds and announced silences, however the caller was parked.
      trust: how far the words can be believed (`transforms.talk`); NONE also where there is no
        phrase list for the call's language.
      end_s: the end of the last word of either party.
    """

    call: Call
    metadata: Metadata
    matches: Sequence[Match]
    words: Words
    agent: Talk
    caller: Talk
    holds: Sequence[Span]
    trust: str
    end_s: float
    standard: Standard
    matcher: Matcher


@dataclass(frozen=True)
class Signoff:
    """The sign-off columns of `kpis`, and why one is unknown. `cluster` are the closing acts."""

    order: str | None
    spoken: str
    status: str
    cluster: tuple[Match, ...]
    why: dict[str, str]


def find_signoff(scene: Scene) -> Signoff:
    """Judges how the agent ended the call.

    `order` names what was heard, '' where the end was heard and held none of it; whether that
    proves anything says `spoken`.
    """
    closing = scene.standard.closing
    acts = [] if scene.trust == NONE else sorted(
        (m for m in scene.matches if m.speaker == AGENT and m.category in ACTS),
        key=lambda m: (m.start_s, m.first_word))
    cluster = terminal_cluster(acts, scene)
    order = None
    if scene.trust != NONE and len(scene.agent.words.text):
        order = ','.join(dict.fromkeys(ACTS[m.category] for m in cluster))
    if _no_conversation(scene):
        return Signoff(order, 'not_applicable', 'not_applicable', cluster, {})
    groups = _groups(closing, scene.metadata)
    steps = _steps(groups, acts, cluster, scene)
    in_order = order_ok(groups, cluster, closing)
    spoken = judge(steps, 'exempt', in_order)
    status = _with_hangup(steps, in_order, acts, scene)
    why = {name: _why_unknown(name, steps, scene)
           for name, value in (('signoff_spoken', spoken), ('signoff_status', status))
           if value == 'unknown'}
    if order is None:
        why['signoff_order'] = 'the words are not known well enough'
    return Signoff(order, spoken, status, cluster, why)


def terminal_cluster(acts: Sequence[Match], scene: Scene) -> tuple[Match, ...]:
    """The closing acts that end the call: back from the last one until business lies between."""
    closing = scene.standard.closing
    if not acts or scene.end_s - acts[-1].start_s > closing.cluster_end_s:
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


def order_ok(groups: Sequence[Group], cluster: Sequence[Match], closing: ClosingRule) -> bool:
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


def _business(before: Match, after: Match, scene: Scene) -> bool:
    """Whether the agent did other things between two closing acts."""
    closing, words = scene.standard.closing, scene.words
    if any(end - start >= closing.break_hold_s and before.start_s <= start and end <= after.end_s
           for start, end in scene.holds):
        return True
    said = [words.text[i] for i in range(before.last_word + 1, after.first_word)
            if words.speaker[i] == AGENT and words.turn[i] >= 0]
    plain = [text for text in said if not scene.matcher.is_signal([text])]
    if scene.matcher.lexicon.language in NO_SPACES:
        return sum(map(len, plain)) > closing.resume_chars
    return len(plain) > closing.resume_words


def _groups(closing: ClosingRule, metadata: Metadata) -> list[Group]:
    """What is required to be said; in a complaint an apology may stand for thanks or a wish."""
    groups = [(item,) if isinstance(item, str) else item
              for item in closing.require if item != 'hangup']
    complaint = 'complaint' in (metadata.call_type or '').lower()
    return [(*group, 'apology') if complaint and _PLACE[group[0]] == 1 else group
            for group in groups]


def _is_act(match: Match, group: Group, closing: ClosingRule, cluster: Sequence[Match]) -> bool:
    act = ACTS[match.category]
    if act in group or (act == 'farewell' and 'soft_close' in group):
        return True
    if closing.final_act == 'farewell_or_thanks' and _PLACE[group[0]] == 2:
        courtesies = [m for m in cluster if ACTS[m.category] in ('thanks', 'wish')]
        return bool(courtesies) and match is courtesies[-1]
    return False


def _steps(groups: Sequence[Group], acts: Sequence[Match], cluster: Sequence[Match],
           scene: Scene) -> dict[Group, str]:
    closing = scene.standard.closing
    checked = _absence_proves(cluster, scene)
    half = scene.call.duration_s / 2
    out: dict[Group, str] = {}
    for group in groups:
        if any(_is_act(m, group, closing, cluster) for m in cluster):
            out[group] = 'present'
        elif not checked:
            out[group] = 'unknown'
        elif any(_is_act(m, group, closing, cluster) and m.start_s >= half for m in acts):
            out[group] = 'stale'
        else:
            out[group] = 'absent'
    return out


def _absence_proves(cluster: Sequence[Match], scene: Scene) -> bool:
    """Whether an act that was not heard at the end was not said.

    The agent's lane is known, the recording reaches the call's end, the phrase list is accepted,
    and words with a good score cover the agent's speech there.
    """
    call, rule, closing = scene.call, scene.standard.checked, scene.standard.closing
    told = call.agent_lane_source in _TOLD or (
        (call.agent_lane_confidence or 0.0) >= rule.role_confidence)
    reviewed = rule.accept_unreviewed or scene.matcher.lexicon.reviewed_by is not None
    if scene.trust != FULL or not told or not reviewed or _cut_short(scene):
        return False
    opens = cluster[0].start_s if cluster else scene.end_s
    start = min(opens - closing.window_s, scene.end_s - closing.window_min_s)
    return covers(scene.agent, (start, call.duration_s), scene.standard)


def covers(talk: Talk, window: Span, standard: Standard) -> bool:
    """Whether words of a good score cover enough of a party's speech in a window.

    Words without a score come from a transcript that was given: they pass.
    """
    voiced = clip(talk.speech, *window)
    words = talk.words
    good = [(start, end) for start, end, score in zip(
        words.start_s, words.end_s, words.score, strict=True)
        if end > window[0] and (score is None or score >= standard.checked.word_score)]
    heard = intersect(voiced, union(good, standard.turns.ipu_gap_s))
    return total(heard) >= standard.checked.coverage * total(voiced)


def _cut_short(scene: Scene) -> bool:
    ended, started = scene.metadata.ended_at, scene.call.started_at
    if ended is None or started is None:
        return False
    missing = (ended - started).total_seconds() - scene.call.duration_s
    return missing > scene.standard.closing.cut_s


def _no_conversation(scene: Scene) -> bool:
    """Calls that have no sign-off: left by transfer, nobody there, nobody to be heard."""
    last = max((end for _, end in scene.agent.speech), default=0.0)
    if any(at is not None and at >= last for at, _ in scene.metadata.transfers):
        return True
    if not scene.caller.speech:
        return True
    if scene.trust == FULL and len(scene.caller.words.text) < \
            scene.standard.closing.min_caller_words:
        return covers(scene.caller, (0.0, scene.call.duration_s), scene.standard)
    unheard = [m.end_s for m in scene.matches
               if m.category == 'cannot_hear_you' and m.speaker == AGENT]
    return bool(unheard) and scene.caller.speech[-1][1] <= unheard[-1]


def _with_hangup(steps: Mapping[Group, str], in_order: bool, acts: Sequence[Match],
                 scene: Scene) -> str:
    call, closing = scene.call, scene.standard.closing
    warned = any(m.category == 'language_warning' and m.speaker == AGENT for m in scene.matches)
    if call.hung_up_by == AGENT and warned:
        return 'not_applicable'
    if call.hung_up_by == CALLER and not acts and scene.trust != NONE \
            and call.duration_s - scene.end_s < closing.left_s:
        # The caller left. If an act went unheard, it was none.
        return 'not_applicable' if 'unknown' not in steps.values() else 'unknown'
    required = {'inbound': closing.hangs_up_first.inbound,
                'outbound': closing.hangs_up_first.outbound}
    sides = set(required.values()) if call.direction is None else {required[call.direction]}
    if 'hangup' not in closing.require:
        sides = {'any'}
    seen = {judge(steps, _hangup(side, call.hung_up_by), in_order) for side in sides}
    return seen.pop() if len(seen) == 1 else 'unknown'


def _hangup(side: str, hung_up_by: str | None) -> str:
    if side == 'any':
        return 'exempt'
    if hung_up_by is None:
        return 'unknown'
    return 'pass' if hung_up_by == side else 'fail'


def _why_unknown(column: str, steps: Mapping[Group, str], scene: Scene) -> str:
    if scene.trust == NONE:
        return 'the words are not known well enough'
    unheard = [' or '.join(group) for group, state in steps.items() if state == 'unknown']
    if unheard:
        return f'not heard, which does not prove it was not said: {", ".join(unheard)}'
    if column == 'signoff_status' and scene.call.hung_up_by is None:
        return 'the phone system does not say who hung up'
    return 'the direction of the call is not known'
