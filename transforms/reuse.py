"""Stored findings that a changed standard leaves as they are: taken over as columns.

A rule's verdict hangs on the stored rows of the call and on what `pipeline.signatures` signs. Where
both are as they were, it is not decided again: it gets the weights of now, and the scores are made
anew. What comes out is what `judge` would make of the call, row for row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from transforms.rescore import judging
from transforms.rules.judge import (
    SIGNOFF_REASONS,
    bound_rules,
    grouped,
    in_opening,
    not_charged,
    of_signoff,
    open_signoff,
    uncharged,
)
from transforms.rules.scene import Scene
from transforms.rules.scores import (
    CHARGED_ELSEWHERE,
    IN_OPENING,
    Charge,
    Overall,
    etiquette,
    hold_score,
    opening_score,
)
from transforms.rules.verdict import NOT_APPLICABLE, Verdict
from transforms.standard import Standard
from warehouse.records import Finding
from warehouse.rewrite import table_of
from warehouse.stored import Placed, encoded, is_one_of, values_of

# In signatures: what every verdict hangs on, and the measures that are no rule's.
ALL, OPENING, HOLD, SIGNOFF = 'all', 'kpi.opening', 'kpi.hold', 'kpi.signoff'
MEASURES = (OPENING, HOLD, SIGNOFF)
_REASON, _GONE = -1, -2  # places of rows that are no rule's: why a measure is not known; not kept

Signatures = Mapping[str, str]  # rule_id, ALL, MEASURES -> a hash of what it hangs on


@dataclass(frozen=True, eq=False)
class Plan:
    """What of the findings by one version serves a standard.

    Attributes:
      kept: rule_id -> its place among `bound_rules`, of the verdicts that serve.
      changed: the places of the others.
      measures: those of `MEASURES` that are made anew.
    """

    standard: Standard
    kept: Mapping[str, int]
    changed: tuple[int, ...]
    measures: frozenset[str]

    @cached_property
    def weights(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Of each place its weight and its stage's; the last is that of `_REASON`."""
        bound = bound_rules(self.standard)
        return (np.array([*(b.weight for b in bound), 0.0]),
                np.array([*(self.standard.stages[b.rule.stage] for b in bound), 0.0]))

    @cached_property
    def asked(self) -> frozenset[int]:
        """The places whose stored verdicts are looked at: of rules that are charged together, and
        where it is made anew those of `opening_score`."""
        opening = in_opening(self.standard) if OPENING in self.measures else ()
        return frozenset((*grouped(self.standard), *(place for place, _ in opening)))


def plan_of(standard: Standard, now: Signatures, before: Signatures) -> Plan | None:
    """What serves of findings that were signed `before`; None: nothing, or less than half, where
    looking for what does takes longer than deciding all."""
    if before.get(ALL) != now[ALL]:
        return None
    same = {rule for rule, signature in now.items() if before.get(rule) == signature}
    places = {bound.rule.id: i for i, bound in enumerate(bound_rules(standard))}
    kept = {rule: i for rule, i in places.items() if rule in same}
    if 2 * len(kept) <= len(places):
        return None
    changed = {measure for measure in MEASURES if measure not in same}
    if any(before.get(rule) != now.get(rule) for rule in IN_OPENING):
        changed.add(OPENING)
    return Plan(standard, kept, tuple(i for rule, i in places.items() if rule not in same),
                frozenset(changed))


def is_served(plan: Plan, findings: Placed, calls: int) -> NDArray[np.bool_]:
    """Of each call whether it has the finding of every rule that is kept: one without speech has
    none."""
    place = _places(plan, findings.table)
    counts: NDArray[np.int64] = np.bincount(findings.at[place >= 0], minlength=calls)
    return counts == len(plan.kept)


@dataclass
class _Loop:
    """What going through the calls one by one comes to."""

    weightless: list[int] = field(default_factory=list)  # rows that another rule is charged for
    lost: list[int] = field(default_factory=list)  # rows that hid why: decided again
    decided: list[tuple[int, int, Finding]] = field(default_factory=list)  # call, place, finding
    reasons: list[tuple[int, Finding]] = field(default_factory=list)  # call, why not known
    measures: dict[str, list[Any]] = field(default_factory=dict)  # column -> of each call


def taken_over(plan: Plan, findings: Placed, kpis: Placed, call_ids: Sequence[str],
               scene_of: Callable[[int], Scene]) -> tuple[list[pa.Table], pa.Table]:
    """The findings and measures of calls under the standard of a plan.

    Args:
      findings, kpis: all rows of one standard and version, of the calls that are meant.
      call_ids: of all calls that were read.
      scene_of: the scene of a call under the standard; asked for where a rule is decided.
    """
    place = _places(plan, findings.table)
    findings, place = findings.where(place != _GONE), place[place != _GONE]
    done = _one_by_one(plan, findings, place, kpis.at.tolist(), call_ids, scene_of)
    weight, stage_weight = (of_place[place] for of_place in plan.weights)
    weight[done.weightless] = 0.0
    rows = _with(findings.table, {
        'rule_version': _constant(plan.standard.version, len(place)),
        'weight': pa.array(weight), 'stage_weight': pa.array(stage_weight),
        'why': _noted(findings.table['why'], done.weightless)})
    stays = np.ones(len(place), dtype=bool)
    stays[done.lost] = False
    findings, place, weight = Placed(rows, findings.at).where(stays), place[stays], weight[stays]
    overall = _scored(plan, findings, place, weight, done.decided, kpis.at.tolist())
    tables = [findings.table]
    new = [(call, finding) for call, _, finding in done.decided] + done.reasons
    if new:
        tables.append(table_of('findings', [call_ids[call] for call, _ in new],
                               [(finding,) for _, finding in new]))
    return tables, _measures(plan, kpis.table, overall, done.measures)


def _places(plan: Plan, table: pa.Table) -> NDArray[np.int64]:
    """Of each finding the place of its rule, _REASON or _GONE."""
    rules = encoded(table['rule_id'])
    known = np.array([plan.kept.get(rule, _GONE) for rule in rules.dictionary.to_pylist()] or [0])
    place = known[rules.indices.to_numpy()]
    place[is_one_of(table['stage'], ('kpi',))] = _REASON
    if SIGNOFF in plan.measures:
        place[is_one_of(table['rule_id'], SIGNOFF_REASONS)] = _GONE
    return place


def _one_by_one(plan: Plan, findings: Placed, place: NDArray[np.int64], calls: Sequence[int],
                call_ids: Sequence[str], scene_of: Callable[[int], Scene]) -> _Loop:
    """Decides what is to be decided, and tells what is charged."""
    done, standard = _Loop(), plan.standard
    bound, stored = bound_rules(standard), _verdicts(plan, findings, place)
    scene_of = lru_cache(maxsize=1)(scene_of)
    for call in calls:
        with judging(call_ids[call]):
            rows = stored.get(call, {})
            verdicts = {i: verdict for i, (_, verdict) in rows.items()}
            fresh = {i: bound[i].decide(scene_of(call)) for i in plan.changed}
            verdicts |= fresh
            free = set(not_charged(verdicts, standard))
            for i, (row, verdict) in rows.items():
                if i in free:
                    done.weightless.append(row)
                elif verdict.why == CHARGED_ELSEWHERE:
                    done.lost.append(row)
                    fresh[i] = bound[i].decide(scene_of(call))
            for column, value in _anew(plan, call, verdicts, scene_of).items():
                done.measures.setdefault(column, []).append(value)
            if SIGNOFF in plan.measures:
                done.reasons += [(call, why) for why in open_signoff(scene_of(call))]
            for i, verdict in fresh.items():
                finding = bound[i].finding(verdict)
                done.decided.append((call, i, uncharged(finding) if i in free else finding))
    return done


def _anew(plan: Plan, call: int, verdicts: Mapping[int, Verdict],
          scene_of: Callable[[int], Scene]) -> dict[str, Any]:
    """The measures of a call that are made anew, by column."""
    out: dict[str, Any] = {}
    if OPENING in plan.measures:
        out['opening_score'] = opening_score(scene_of(call), {
            rule: verdicts[i] for i, rule in in_opening(plan.standard)})
    if HOLD in plan.measures:
        out['hold_score'] = hold_score(scene_of(call))
    return out | of_signoff(scene_of(call)) if SIGNOFF in plan.measures else out


def _verdicts(plan: Plan, findings: Placed,
              place: NDArray[np.int64]) -> dict[int, dict[int, tuple[int, Verdict]]]:
    """call -> place -> row and verdict, of the places that are asked for and of rules that were
    not charged, whose reason is lost."""
    wanted = np.array([i in plan.asked for i in range(len(plan.weights[0]))], dtype=bool)
    hidden = pc.equal(findings.table['why'], CHARGED_ELSEWHERE).fill_null(False).to_numpy()
    rows = np.flatnonzero(wanted[place] | hidden)
    wanted_rows = findings.table.select(Verdict._fields).take(rows)
    columns = [values_of(column) for column in wanted_rows.columns]
    out: dict[int, dict[int, tuple[int, Verdict]]] = {}
    for call, at, row, verdict in zip(findings.at[rows].tolist(), place[rows].tolist(),
                                      rows.tolist(), map(Verdict._make, zip(*columns, strict=True)),
                                      strict=True):
        out.setdefault(call, {})[at] = row, verdict
    return out


def _scored(plan: Plan, findings: Placed, place: NDArray[np.int64], weight: NDArray[np.float64],
            decided: Iterable[tuple[int, int, Finding]], calls: Sequence[int]) -> list[Overall]:
    """The overall score of each call, from those of its findings that are charged."""
    bound, (_, stage_weight) = bound_rules(plan.standard), plan.weights
    result = encoded(findings.table['result'])
    applies = np.array([one != NOT_APPLICABLE for one in result.dictionary.to_pylist()], dtype=bool)
    rows = np.flatnonzero(weight > 0)
    rows = rows[applies[result.indices.to_numpy()[rows]]]
    rows = rows[np.lexsort((place[rows], findings.at[rows]))]
    charged = findings.table.select(['result', 'score']).take(rows)
    of_call: dict[int, list[tuple[int, Charge]]] = {call: [] for call in calls}
    for call, i, own, verdict, score in zip(
            findings.at[rows].tolist(), place[rows].tolist(), weight[rows].tolist(),
            values_of(charged['result']), values_of(charged['score']), strict=True):
        of_call[call].append((i, Charge(bound[i].rule.stage, float(stage_weight[i]), own, verdict,
                                        score)))
    late = set()
    for call, i, f in decided:
        late.add(call)
        of_call[call].append((i, Charge(f.stage, f.stage_weight, f.weight, f.result, f.score)))
    for call in late:
        of_call[call].sort()
    return [etiquette((charge for _, charge in of_call[call]), plan.standard.scores)
            for call in calls]


def _measures(plan: Plan, kpis: pa.Table, overall: Sequence[Overall],
              anew: Mapping[str, Sequence[Any]]) -> pa.Table:
    new: dict[str, Any] = {
        'rule_version': _constant(plan.standard.version, len(overall)),
        'etiquette_score': [one.score for one in overall],
        'etiquette_lo': [one.lo for one in overall], 'etiquette_hi': [one.hi for one in overall],
        'etiquette_coverage': [one.coverage for one in overall],
        'rules_passed': [one.passed for one in overall],
        'rules_failed': [one.failed for one in overall],
        'rules_unknown': [one.unknown for one in overall]}
    new |= anew
    return _with(kpis, {name: column if isinstance(column, pa.Array)
                        else pa.array(column, kpis.schema.field(name).type)
                        for name, column in new.items()})


def _noted(why: pa.ChunkedArray, rows: Sequence[int]) -> pa.ChunkedArray:
    """The reasons, with those of some rows that another rule is charged for it."""
    if not rows:
        return why
    noted = np.zeros(len(why), dtype=bool)
    noted[rows] = True
    return pc.if_else(pa.array(noted), CHARGED_ELSEWHERE, why)


def _constant(value: str, rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(np.zeros(rows, dtype=np.int32), pa.array([value]))


def _with(table: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    for name, column in columns.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table
