"""Opening: greeting, company, name and offer of help, in the opening window."""

from __future__ import annotations

from collections.abc import Mapping

from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import said_in
from transforms.rules.verdict import (
    FAIL,
    NOT_APPLICABLE,
    PASS,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)

# What `opening.require` calls an element, and the act by which it is said.
ACTS = {'greeting': 'greeting', 'company': 'company_name', 'self_name': 'self_name',
        'offer_help': 'offer_help', 'position': 'position'}

CUT_OFF = 'the recording begins after the answer'


@decider
def opening_element(scene: Scene, *, element: str) -> Verdict:
    """An element of the greeting is said in the opening window."""
    if scene.answer_s is None:
        return not_applicable('nobody answered')
    act = ACTS[element]
    start, end = scene.opening
    if element == 'offer_help' and len(scene.agent_turns) > 1:
        end = max(end, scene.agent_turns[1].end_s)  # or in the agent's second turn
    verdict = said_in(scene, act, start, end)
    return unknown(CUT_OFF) if verdict.result == FAIL and scene.is_cut_off_at_start else verdict


def elements_of(scene: Scene,
                verdicts: Mapping[str, Verdict]) -> list[tuple[float, float | None]]:
    """The elements of `opening_score`: weight, and score (None: not known)."""
    rule, weights = scene.standard.opening, scene.standard.scores.opening
    out: list[tuple[float, float | None]] = []
    for item in rule.require:
        group = (item,) if isinstance(item, str) else item
        scores = [_element_score(scene, element) for element in group]
        known = [score for score in scores if score is not None]
        best = max(known, default=None)
        weight = max(weights.get(element, 0.0) for element in group)
        out.append((weight, best if best == 1.0 or len(known) == len(scores) else None))
    pickup = verdicts.get('pickup-within-three-rings')
    if pickup is not None and pickup.result != NOT_APPLICABLE:
        out.append((weights['pickup'], pickup.score))
    if rule.forbid:
        clean = [v.result for name in ('opening-no-bare-hello', 'opening-caller-name-tactful')
                 if (v := verdicts.get(name)) is not None]
        out.append((weights['clean'], 0.0 if FAIL in clean else None if UNKNOWN in clean
                    or not clean else 1.0))
    return out


def _element_score(scene: Scene, element: str) -> float | None:
    """1 in the opening window, `late_credit` before `late_s` from the answer, 0 where it was not
    said by then; None where that is not known."""
    rule = scene.standard.opening
    if opening_element(scene, element=element).result == PASS:
        return 1.0
    act, start = ACTS[element], scene.opening[0]
    if scene.said(act, start, start + rule.late_s):
        return rule.late_credit
    missing = scene.unchecked(act, start, start + rule.late_s) or scene.is_cut_off_at_start
    return None if missing else 0.0


@decider
def no_company_only(scene: Scene) -> Verdict:
    """A greeting that names the company has an offer of help or a name in the same turn."""
    start, end = scene.opening
    company = scene.said('company_name', start, end)
    if not company:
        why = scene.unchecked('company_name', start, end)
        return unknown(why) if why else not_applicable('the company was not named')
    if scene.standard.opening.company_only_ok:
        return not_applicable('the company alone is enough in this standard')
    first = scene.agent_turns[0]
    for act in ('offer_help', 'self_name'):
        found = scene.said(act, first.start_s, first.end_s)
        if found:
            return passed('more than the company was named', found[0])
    why = next((w for act in ('offer_help', 'self_name') if (w := scene.unchecked(
        act, first.start_s, first.end_s))), '')
    return unknown(why) if why else failed('the greeting stops at the company', company[0])
