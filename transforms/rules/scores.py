"""Scores: what findings come to, with bounds for what is not known.

All have one form. Over the applicable elements P and the known ones K of them, with weights w and
scores s: score = 100 sum_K(w s) / sum_K(w); coverage = sum_K(w) / sum_P(w).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from transforms.protocol import ScoreRule
from transforms.rules.moments import Wait
from transforms.rules.scene import Scene
from transforms.rules.signoff import Signoff
from transforms.rules.verdict import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, Verdict
from transforms.standard import Standard
from warehouse.records import Finding

CHARGED_ELSEWHERE = 'charged_elsewhere'
IN_OPENING = ('pickup-within-three-rings', 'opening-no-bare-hello',
              'opening-caller-name-tactful')  # rules that are elements of `opening_score`
KNOWN = (PASS, FAIL)

Element = tuple[float, float | None]  # weight, score; None: not known


class Charge(NamedTuple):
    """What the overall score reads of a finding."""

    stage: str
    stage_weight: float
    weight: float
    result: str
    score: float | None


@dataclass(frozen=True)
class Overall:
    """The score of what is known (None below the standard's coverage), its bounds were all
    unknown rules failed or passed, all 0 to 100; and rules of weight > 0 by result."""

    score: float | None
    lo: float | None
    hi: float | None
    coverage: float | None
    passed: int
    failed: int
    unknown: int


def charged(rules: Sequence[tuple[str, float, Verdict]],
            groups: Iterable[Sequence[str]]) -> tuple[list[float], list[str | None]]:
    """The weights with which rules are charged, and the note of each that is not.

    Of rules that look at the same evidence, one that comes to the same result as an earlier one of
    its group, in the same place, has weight 0.

    Args:
      rules: id, weight and verdict of each.
      groups: ids, the one that is charged first.
    """
    weights = [weight for _, weight, _ in rules]
    notes: list[str | None] = [None] * len(rules)
    at = {rule: i for i, (rule, _, _) in enumerate(rules)}
    for group in groups:
        places = [at[rule] for rule in group if rule in at]
        for n, later in enumerate(places):
            verdict = rules[later][2]
            if verdict.result in KNOWN and any(
                    weights[earlier] > 0 and _same(rules[earlier][2], verdict)
                    for earlier in places[:n]):
                weights[later], notes[later] = 0.0, CHARGED_ELSEWHERE
    return weights, notes


def etiquette(findings: Iterable[Finding | Charge], rule: ScoreRule) -> Overall:
    """The overall score: stages by their weight, each counting by what is known of it.

    Args:
      findings: in the order of the standard's rules: sums of another order differ in the last bit.
    """
    stages: dict[str, list[float]] = {}  # stage -> its weight, and sums: applicable, known, scored
    counts = {PASS: 0, FAIL: 0, UNKNOWN: 0}
    for finding in findings:
        weight = finding.weight
        if finding.result == NOT_APPLICABLE or weight <= 0:
            continue
        counts[finding.result] += 1
        sums = stages.get(finding.stage)
        if sums is None:
            sums = stages[finding.stage] = [finding.stage_weight, 0.0, 0.0, 0.0]
        sums[1] += weight
        if finding.score is not None:
            sums[2] += weight
            sums[3] += weight * finding.score
    whole = sum(weight for weight, *_ in stages.values())
    known = sum(weight * k / p for weight, p, k, _ in stages.values())
    scored = sum(weight * s / p for weight, p, _, s in stages.values())
    numbers = counts[PASS], counts[FAIL], counts[UNKNOWN]
    if whole <= 0:
        return Overall(None, None, None, None, *numbers)
    enough = known >= rule.min_coverage * whole and numbers[0] + numbers[1] >= rule.min_rules
    return Overall(100 * (scored / known) if enough and known > 0 else None,
                   100 * (scored / whole), 100 * ((scored + whole - known) / whole),
                   known / whole, *numbers)


def weighed(elements: Iterable[Element]) -> float | None:
    """The score, 0 to 100, of the known elements; None where none is known."""
    known = [(weight, score) for weight, score in elements if score is not None]
    total = sum(weight for weight, _ in known)
    return 100 * (sum(weight * score for weight, score in known) / total) if total > 0 else None


def signoff_score(signoff: Signoff, standard: Standard) -> float | None:
    """The sign-off: acts present count 1, stale ones `stale_credit`; out of order a fifth less.

    Thanks and a wish are one step, whose weight they share where both are required.
    """
    if signoff.is_exempt is not False:
        return None
    rule = standard.scores
    states = {'present': 1.0, 'stale': rule.stale_credit, 'absent': 0.0}
    penalty = 1.0 if signoff.in_order else rule.order_penalty
    elements: list[Element] = []
    named = [_STEP.get(group[0], group[0]) for group in signoff.steps]
    for name, state in zip(named, signoff.steps.values(), strict=True):
        weight = rule.signoff.get(name, 0.0) / named.count(name)
        score = states.get(state)
        elements.append((weight, None if score is None else score * penalty))
    if signoff.hangup != 'exempt':
        elements.append((rule.signoff['hangup'],
                         {'pass': 1.0, 'fail': 0.0}.get(signoff.hangup)))
    return weighed(elements)


_STEP = {'wish': 'thanks', 'apology': 'thanks', 'soft_close': 'farewell'}


def opening_score(scene: Scene, verdicts: Mapping[str, Verdict]) -> float | None:
    """The opening: its required elements, the pickup and nothing that is forbidden."""
    from transforms.rules.opening import elements_of
    return weighed(elements_of(scene, verdicts))


def hold_score(scene: Scene) -> float | None:
    """The mean over the call's waits of how each was asked for, kept short and ended; None where
    there is none."""
    from transforms.rules.hold import elements_of
    least = scene.standard.hold_protocol.scored_wait_s
    waits: list[Wait] = [wait for wait in scene.waits if wait.length_s >= least]
    known = [score for wait in waits if (score := weighed(elements_of(scene, wait))) is not None]
    return sum(known) / len(known) if known else None


def _same(earlier: Verdict, later: Verdict) -> bool:
    """Whether two rules came to the same result in the same place (None: the whole call)."""
    if earlier.result != later.result:
        return False
    if earlier.start_s is None or later.start_s is None \
            or earlier.end_s is None or later.end_s is None:
        return True
    return earlier.start_s <= later.end_s and later.start_s <= earlier.end_s
