"""The figures of a report: every one counted by DuckDB, never from rows in Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.report.measures import MEASURES, SELECTED, VARIANCES, Measure
from warehouse.report.scope import Scope, Window

FEW_CALLS = 10  # an agent with fewer is shown, and not ranked
MOST_AGENTS = 500
MOST_NAME = 200  # characters
MOST_REJECTS = 20
_DAILY, _WEEKLY = 92, 732  # days up to which a point of a trend is a day, a week
_SIGNOFFS = ('in_order', 'out_of_order', 'partial', 'missing', 'unknown', 'not_applicable')

Row = dict[str, Any]
Clean = Callable[[object, int], str]


@dataclass(frozen=True)
class RuleText:
    """What a standard says of one of its rules."""

    stage: str
    sentence: str
    source: str


@dataclass(frozen=True)
class Figures:
    """What is known of the calls of a scope.

    Attributes:
      now: the aggregates of all calls; `last` and `before` those of the compared windows.
      reasons: measure -> why it is not known, where no call at all has it.
      trend: the aggregates a `day`, the first of a week or a month where `step` says so.
      scores, rings, replies: histograms: the lower edge of a bin, its width, and the calls in it.
      holds: quantiles of the length of a hold, by queue.
      agents: the aggregates by agent, the lowest score first; `score_low` and `score_high` are the
        95 % confidence interval of the mean score, None where fewer than two calls have one.
      rules: passed, failed, unknown, kept by rule, with stage, sentence and source; worst first.
      signoffs: calls by agent and status.
      runs: what all runs have come to: calls_in = published + skipped + rejected.
    """

    now: Row
    last: Row
    before: Row
    reasons: Mapping[str, str]
    step: str
    trend: list[Row]
    scores: list[Row]
    rings: list[Row]
    replies: list[Row]
    holds: list[Row]
    agents: list[Row]
    rules: list[Row]
    signoffs: list[Row]
    runs: Row
    rejects: list[Row]


def figures_of(scope: Scope, texts: Mapping[str, RuleText], clean: Clean) -> Figures:
    """Counts the calls of a scope.

    Args:
      texts: the rules of its standard.
      clean: makes the names of agents and queues fit to show.
    """
    now = scope.row(f"SELECT {SELECTED}, {_UNDATED} FROM chosen WHERE part = 'now'")
    compared = scope.compared
    step = _step(scope)
    return Figures(
        now=now,
        last=_of(scope, compared.now) if compared else {},
        before=_of(scope, compared.before) if compared else {},
        reasons=_reasons(scope, now), step=step,
        trend=scope.rows(f"""
            SELECT date_trunc('{step}', call_date)::DATE AS day, {SELECTED} FROM chosen
            WHERE part = 'now' AND call_date IS NOT NULL GROUP BY 1 ORDER BY 1"""),
        scores=_bins(scope, 'etiquette_score', 5.0, 0, 99.999),
        rings=_bins(scope, 'ring_to_answer_s', 2.0, 0, 40),
        replies=_bins(scope, 'agent_reply_median_s', 0.25, -3, 6),
        holds=_named(scope.rows(_HOLDS), 'queue', clean),
        agents=_named(_agents(scope), 'agent_id', clean),
        rules=_rules(scope, texts),
        signoffs=_named(scope.rows(f"""
            SELECT agent_id, signoff_status AS status, count(*) AS calls FROM chosen
            WHERE part = 'now' AND signoff_status IN {_SIGNOFFS} GROUP BY ALL ORDER BY ALL"""),
            'agent_id', clean),
        runs=scope.row(_RUNS), rejects=scope.rows(_REJECTS))


_UNDATED = 'count(*) FILTER (call_date IS NULL) AS undated'
# A hold of several is not in `chosen`, and `events` of a million calls are too many to read: the
# mean hold of a call stands for each of its holds.
_HOLDS = """
    SELECT queue, count(*) AS calls, sum(hold_count)::BIGINT AS holds,
        max(hold_longest_s) AS longest_s,
        quantile_cont(hold_total_s / hold_count, [0.1, 0.25, 0.5, 0.75, 0.9]) AS quantiles
    FROM chosen WHERE part = 'now' AND hold_count > 0
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 12"""
_RUNS = """
    SELECT count(*) AS runs, max(finished_at) AS last_at,
        coalesce(sum(calls_in), 0)::BIGINT AS calls_in,
        coalesce(sum(calls_published), 0)::BIGINT AS published,
        coalesce(sum(calls_skipped), 0)::BIGINT AS skipped,
        coalesce(sum(calls_rejected), 0)::BIGINT AS rejected
    FROM runs WHERE fingerprint <> ''"""  # a rescore hears nothing and has none
_REJECTS = f"""
    SELECT call_id, source_uri, step, message, way_out, count(*) OVER () AS all
    FROM rejects ORDER BY failed_at DESC, reject_key LIMIT {MOST_REJECTS}"""


def _named(rows: list[Row], column: str, clean: Clean) -> list[Row]:
    return [{**row, column: None if row[column] is None else clean(row[column], MOST_NAME)}
            for row in rows]


def _of(scope: Scope, window: Window) -> Row:
    spread = ', '.join(f'{sql} AS {name}_variance' for name, sql in VARIANCES.items())
    return scope.row(f'SELECT {SELECTED}, {spread} FROM chosen WHERE call_date BETWEEN ? AND ?',
                     [window.first, window.last])


def _step(scope: Scope) -> str:
    days = scope.window.days if scope.window else 1
    return 'day' if days <= _DAILY else 'week' if days <= _WEEKLY else 'month'


def _bins(scope: Scope, column: str, width: float, least: float, most: float) -> list[Row]:
    """A histogram; what lies outside counts at its ends."""
    value = f'greatest({least}, least({most}, {column}))'  # of NULL they give a number
    return scope.rows(f"""
        SELECT floor({value} / {width}) * {width}::DOUBLE AS low, {width}::DOUBLE AS width,
            count(*) AS calls
        FROM chosen WHERE part = 'now' AND {column} IS NOT NULL GROUP BY 1 ORDER BY 1""")


def _reasons(scope: Scope, now: Row) -> dict[str, str]:
    """The commonest reason of each measure that no call has, told by the newest day's calls."""
    silent = {f'kpi.{m.kpi}': m.name for m in MEASURES if now['calls'] and not now[m.known]}
    if not silent:
        return {}
    rows = scope.rows("""
        SELECT rule_id, mode(why) AS why FROM findings
        WHERE stage = 'kpi' AND standard = config_standard() AND list_contains(?, rule_id)
            AND call_date IS NOT DISTINCT FROM (SELECT max(call_date) FROM chosen
                                                WHERE part = 'now')
            AND call_id IN (SELECT call_id FROM chosen WHERE part = 'now')
        GROUP BY 1""", [list(silent)])
    return {silent[row['rule_id']]: row['why'] for row in rows}


def _agents(scope: Scope) -> list[Row]:
    rows = scope.rows(f"""
        SELECT agent_id, {SELECTED} FROM chosen WHERE part = 'now'
        GROUP BY 1 ORDER BY count(*) DESC, agent_id LIMIT {MOST_AGENTS}""")
    for row in rows:
        row['score_low'], row['score_high'] = interval(row['score'], row['score_sd'],
                                                       row['scored'])
        row['few'] = row['scored'] < FEW_CALLS
    return sorted(rows, key=lambda row: (row['few'], row['score'] is None, row['score'] or 0.0,
                                         row['agent_id'] or ''))


def interval(mean: float | None, sd: float | None, n: int) -> tuple[float | None, float | None]:
    """The 95 % confidence interval of a mean score, by Student's t, within 0 to 100."""
    from scipy.special import stdtrit
    if mean is None or sd is None or n < 2:
        return None, None
    reach = float(stdtrit(n - 1, 0.975)) * sd / math.sqrt(n)
    return max(0.0, mean - reach), min(100.0, mean + reach)


def by_chance(measure: Measure, now: Row, before: Row) -> bool:
    """Whether a figure may differ between two windows by chance: 95 %, by its variance in each."""
    if min(now[measure.known], before[measure.known]) < FEW_CALLS:
        return True
    variance = sum(row[f'{measure.name}_variance'] for row in (now, before))
    return abs(now[measure.name] - before[measure.name]) <= 1.96 * math.sqrt(variance)


def _rules(scope: Scope, texts: Mapping[str, RuleText]) -> list[Row]:
    where = ['standard = config_standard()', "NOT starts_with(rule_id, 'kpi.')"]
    values: list[Any] = []
    bounded = scope.asked.since or scope.asked.until
    if bounded:
        assert scope.window is not None
        where.append('call_date BETWEEN ? AND ?')
        values += [scope.window.first, scope.window.last]
    for column, value in (('queue', scope.asked.queue), ('agent_id', scope.asked.agent)):
        if value is not None:
            where.append(f'{column} = ?')
            values.append(value)
    rows = scope.rows(f"""
        SELECT rule_id, sum(passed)::BIGINT AS passed, sum(failed)::BIGINT AS failed,
            sum(unknown)::BIGINT AS unknown, sum(not_applicable)::BIGINT AS not_applicable,
            sum(passed) / nullif(sum(passed + failed), 0) AS kept
        FROM {'rule_day' if bounded else 'rule_month'} WHERE {' AND '.join(where)} GROUP BY 1
        ORDER BY kept NULLS LAST, failed DESC, rule_id""", values)
    for row in rows:
        text = texts.get(row['rule_id'], RuleText('other', row['rule_id'], ''))
        row |= {'stage': text.stage, 'sentence': text.sentence, 'source': text.source}
    return rows
