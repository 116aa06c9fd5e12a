"""Judging a call: every rule of a standard, the sign-off columns, and the scores.

It reads stored rows alone, so a rescore that changes rules, weights or thresholds need not measure
the call again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import NamedTuple

from transforms.phrasebook import Phrasebook
from transforms.protocol import Rule
from transforms.rules import asking as _asking
from transforms.rules import caller_name as _caller_name
from transforms.rules import closing as _closing
from transforms.rules import complaint as _complaint
from transforms.rules import hold as _hold
from transforms.rules import listening as _listening
from transforms.rules import opening as _opening
from transforms.rules import outbound as _outbound
from transforms.rules import pickup as _pickup
from transforms.rules import shapes as _shapes
from transforms.rules import transfer as _transfer
from transforms.rules import voice as _voice
from transforms.rules import wording as _wording
from transforms.rules.registry import DECIDERS, Decider
from transforms.rules.scene import UNREAD, Scene
from transforms.rules.scores import (
    CHARGED_ELSEWHERE,
    IN_OPENING,
    charged,
    etiquette,
    hold_score,
    opening_score,
    signoff_score,
)
from transforms.rules.verdict import Verdict
from transforms.standard import Standard
from warehouse.records import Call, Event, Finding, Kpis, Turn, Words

# Their deciders are known by being imported.
STAGES = (_shapes, _pickup, _opening, _caller_name, _listening, _asking, _hold, _transfer,
          _complaint, _closing, _outbound, _voice, _wording)
SIGNOFF = ('signoff_order', 'signoff_spoken', 'signoff_status')
SIGNOFF_REASONS = tuple(f'kpi.{name}' for name in SIGNOFF)  # rule_ids: why one is not known
REASONS = 64  # of a rule's being unknown or not applicable that are kept
UNHEARD = 'nobody speaks in the recording'


class Bound(NamedTuple):
    """A rule ready to be asked: its decider with its options, and what it weighs."""

    rule: Rule
    decide: Decider
    weight: float
    decided: Callable[[Verdict], Finding]
    undecided: Callable[[Verdict], Finding]  # the same: of few reasons, each made once

    def finding(self, verdict: Verdict) -> Finding:
        """The verdict as a row, charged."""
        return self.undecided(verdict) if verdict.score is None else self.decided(verdict)


def judge(call: Call, turns: Sequence[Turn], words: Words, events: Sequence[Event], kpis: Kpis,
          standard: Standard, phrasebook: Phrasebook) -> tuple[tuple[Finding, ...], Kpis]:
    """The findings of the rules, and the measures with scores and sign-off filled in.

    Args:
      events, kpis: as `measure` made them, or as they are stored.

    In a recording without speech no rule applies, and every score is None.
    """
    scene = Scene(call, turns, words, events, kpis, standard, phrasebook)
    if not turns:
        return _open(scene, dict.fromkeys(SIGNOFF, UNHEARD)), replace(
            kpis, signoff_order=None, signoff_spoken=None, signoff_status=None)
    bound = bound_rules(standard)
    verdicts = [rule.decide(scene) for rule in bound]
    findings = [b.finding(verdict) for b, verdict in zip(bound, verdicts, strict=True)]
    for i in not_charged(dict(enumerate(verdicts)), standard):
        findings[i] = uncharged(findings[i])
    overall = etiquette(findings, standard.scores)
    by_id = {rule: verdicts[i] for i, rule in in_opening(standard)}
    done = Kpis(**(vars(kpis) | {
        **of_signoff(scene), 'opening_score': opening_score(scene, by_id),
        'hold_score': hold_score(scene),
        'etiquette_score': overall.score, 'etiquette_lo': overall.lo, 'etiquette_hi': overall.hi,
        'etiquette_coverage': overall.coverage, 'rules_passed': overall.passed,
        'rules_failed': overall.failed, 'rules_unknown': overall.unknown}))
    return (*findings, *open_signoff(scene)), done


def of_signoff(scene: Scene) -> dict[str, str | float | None]:
    """The sign-off columns, and the score of the sign-off."""
    found = scene.signoff
    return {'signoff_order': found.order, 'signoff_spoken': found.spoken,
            'signoff_status': found.status, 'signoff_score': signoff_score(found, scene.standard)}


def open_signoff(scene: Scene) -> tuple[Finding, ...]:
    """A finding for each sign-off column that is not known, with the reason."""
    found = scene.signoff
    why, values = {'signoff_order': UNREAD, **found.why}, (found.order, found.spoken, found.status)
    return _open(scene, {name: why[name] for name, value in zip(SIGNOFF, values, strict=True)
                         if value in (None, 'unknown')})


@lru_cache(maxsize=16)
def bound_rules(standard: Standard) -> tuple[Bound, ...]:
    """The rules that a standard computes, with their options. In a stage without weight no rule is
    charged."""
    def weight(rule: Rule) -> float:
        if not standard.stages[rule.stage]:
            return 0.0
        return rule.weight * (standard.scores.tier_b if rule.tier == 'B' else 1.0)

    def bind(rule: Rule) -> Bound:
        decided = partial(_finding, (standard.name, standard.version, rule.id, rule.stage,
                                     rule.tier), weight(rule), standard.stages[rule.stage])
        return Bound(rule, partial(DECIDERS[rule.decide or ''], **rule.options), weight(rule),
                     decided, lru_cache(maxsize=REASONS)(decided))

    return tuple(bind(rule) for rule in standard.rules if rule.on and rule.decide)


@lru_cache(maxsize=16)
def grouped(standard: Standard) -> tuple[int, ...]:
    """The places of the rules that look at the same evidence as others."""
    ids = {rule for group in standard.scores.charge_once for rule in group}
    return tuple(i for i, bound in enumerate(bound_rules(standard)) if bound.rule.id in ids)


def not_charged(verdicts: Mapping[int, Verdict], standard: Standard) -> list[int]:
    """The places of the rules whose evidence another rule is charged for.

    Args:
      verdicts: by place, at least those of `grouped`; of each the result and its span are read.
    """
    bound, places = bound_rules(standard), grouped(standard)
    _, notes = charged([(bound[i].rule.id, bound[i].weight, verdicts[i]) for i in places],
                       standard.scores.charge_once)
    return [i for i, note in zip(places, notes, strict=True) if note]


def uncharged(finding: Finding) -> Finding:
    """A finding whose evidence another rule is charged for."""
    return finding._replace(weight=0.0, why=CHARGED_ELSEWHERE)


@lru_cache(maxsize=16)
def in_opening(standard: Standard) -> tuple[tuple[int, str], ...]:
    """The places and ids of the rules whose verdicts are elements of `opening_score`."""
    return tuple((i, bound.rule.id) for i, bound in enumerate(bound_rules(standard))
                 if bound.rule.id in IN_OPENING)


def _finding(named: tuple[str, ...], weight: float, stage_weight: float,
             verdict: Verdict) -> Finding:
    result, why, score, confidence, speaker, start_s, end_s, evidence = verdict
    return Finding._make((*named, result, score, weight, stage_weight, why, confidence, speaker,
                          start_s, end_s, evidence))


def _open(scene: Scene, why: dict[str, str]) -> tuple[Finding, ...]:
    """A finding for each sign-off column that is not known."""
    standard = scene.standard
    return tuple(Finding(standard.name, standard.version, f'kpi.{name}', 'kpi', 'A', 'unknown',
                         None, 0.0, 0.0, reason) for name, reason in why.items())
