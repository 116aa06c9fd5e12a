"""What a report is about: the calls of a period, and those it is compared with."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from warehouse.database import open_readonly
from warehouse.errors import QueryError, WarehouseError

_WEEK = timedelta(days=7)
# What of `call_facts` the figures are made of.
_COLUMNS = """
    call_id, call_date, agent_id, queue, duration_s, ring_to_answer_s, hold_count, hold_total_s,
    hold_longest_s, agent_interruptions, caller_interruptions, agent_talk_s, caller_talk_s,
    dead_air_s, agent_reply_median_s, signoff_status, etiquette_score, etiquette_lo, etiquette_hi,
    etiquette_coverage, rules_failed"""


@dataclass(frozen=True)
class Asked:
    """Which calls a report was asked for.

    Attributes:
      since, until: call dates, both included; None = from the first, to the last. A call without
        a date is in no period that has a bound.
      queue, agent: of these calls alone, as stored.
      calls: how many calls have a page of their own.
      as_of: the number of an older catalog; None = the current one.
    """

    since: date | None = None
    until: date | None = None
    queue: str | None = None
    agent: str | None = None
    calls: int = 50
    as_of: int | None = None


@dataclass(frozen=True)
class Window:
    """Days of calls, first and last included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> Window:
        """As many days, just before."""
        length = timedelta(days=self.days)
        return Window(self.first - length, self.last - length)

    def __str__(self) -> str:
        last = f'{self.last.day} {self.last:%B %Y}'
        if self.days == 1:
            return last
        if self.first.year != self.last.year:
            return f'{self.first.day} {self.first:%B %Y} to {last}'
        if self.first.month != self.last.month:
            return f'{self.first.day} {self.first:%B} to {last}'
        return f'{self.first.day} to {last}'


@dataclass(frozen=True)
class Comparison:
    """Two windows of the same length whose figures are set against each other."""

    now: Window
    before: Window

    def __str__(self) -> str:
        return f'{self.now} against {self.before}'


@dataclass(frozen=True)
class Scope:
    """The calls of a report, in the temporary table `chosen` of a connection.

    `chosen` has a row a call; `part` is `now` for those that the report is about, `before` for
    those that are only compared with.

    Attributes:
      window: from the first to the last call date asked for; None where no call has a date.
      compared: None where there is nothing to compare with.
      catalog: the catalog's number; `made` what `about` says of it.
    """

    con: duckdb.DuckDBPyConnection
    asked: Asked
    window: Window | None
    compared: Comparison | None
    about: dict[str, Any]

    def rows(self, sql: str, parameters: list[Any] | None = None) -> list[dict[str, Any]]:
        """The answer to a question, a dict a row."""
        found = self.con.execute(sql, parameters or [])
        names = [column[0] for column in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def row(self, sql: str, parameters: list[Any] | None = None) -> dict[str, Any]:
        """The one row of an answer."""
        (only,) = self.rows(sql, parameters)
        return only


@contextmanager
def opened(root: Path, asked: Asked) -> Iterator[Scope]:
    """The calls that were asked for, ready to be counted.

    Raises WarehouseError where nothing has been published, and where calls are there, but none
    that fits; a warehouse without a single call gives an empty scope.
    """
    con = open_readonly(root, asked.as_of)
    try:
        yield _chosen(Scope(con, asked, None, None, {}))
    except duckdb.Error as e:
        raise QueryError(f'the tables cannot be read: {str(e).splitlines()[0]}', way_out=(
            'Publish or rescore again to build them anew.')) from e
    finally:
        con.close()


def _chosen(scope: Scope) -> Scope:
    asked = scope.asked
    about = scope.row('SELECT catalog, standard, timezone, published_at FROM about')
    has = scope.row("""SELECT count(*) AS calls, min(call_date) AS first, max(call_date) AS last
        FROM kpis""")
    since, until = asked.since or has['first'], asked.until or has['last']
    if since and until and since > until and (asked.since or asked.until):
        raise _nothing(scope, has)
    window = Window(since, until) if since and until else None
    where, values = _filter(asked)
    period = 'TRUE'
    if window:
        earliest = window.before().first if asked.since else window.first
        period = f"call_date BETWEEN DATE '{earliest}' AND DATE '{window.last}'"
        if asked.since is None and asked.until is None:
            period = 'TRUE'
    part = f"call_date < DATE '{window.first}'" if window else 'FALSE'
    scope.con.execute(f"""CREATE OR REPLACE TEMP TABLE chosen AS
        SELECT {_COLUMNS}, CASE WHEN {part} THEN 'before' ELSE 'now' END AS part
        FROM call_facts WHERE standard = config_standard() AND {period} AND {where}""", values)
    chosen = scope.row("SELECT count(*) FILTER (part = 'now') AS calls FROM chosen")
    if has['calls'] and not chosen['calls']:
        raise _nothing(scope, has)
    scope = replace(scope, window=window, about=about)
    return replace(scope, compared=_compared(scope))


def _filter(asked: Asked) -> tuple[str, list[Any]]:
    parts, values = ['TRUE'], []
    for column, value in (('queue', asked.queue), ('agent_id', asked.agent)):
        if value is not None:
            parts.append(f'{column} = ?')
            values.append(value)
    return ' AND '.join(parts), values


def _compared(scope: Scope) -> Comparison | None:
    """The period against the one before; where that has no calls, its last two weeks."""
    if not scope.window:
        return None
    if scope.row("SELECT count(*) FILTER (part = 'before') AS calls FROM chosen")['calls']:
        return Comparison(scope.window, scope.window.before())
    last = Window(max(scope.window.first, scope.window.last - _WEEK + timedelta(days=1)),
                  scope.window.last)
    if scope.window.days < 2 * last.days:
        return None
    here = scope.row("""SELECT count(*) AS calls FROM chosen
        WHERE call_date BETWEEN ? AND ?""", [last.before().first, last.before().last])
    return Comparison(last, last.before()) if here['calls'] else None


def _nothing(scope: Scope, has: dict[str, Any]) -> WarehouseError:
    """The error that says which calls there are instead."""
    asked = scope.asked
    for column, value, flag in (('agent_id', asked.agent, '--agent'),
                                ('queue', asked.queue, '--queue')):
        if value is None:
            continue
        known = [row['name'] for row in scope.rows(
            f'SELECT DISTINCT {column} AS name FROM kpis WHERE {column} IS NOT NULL ORDER BY 1')]
        if value not in known:
            near = difflib.get_close_matches(value, known, 3, 0.4) or known[:3]
            hint = f'Nearest: {", ".join(near)}.' if near else f'No call has one: leave {flag} out.'
            return WarehouseError(f'no call has {flag[2:]} {value}', way_out=hint)
    named = ''.join(f' of {flag} {value}' for flag, value in (
        ('queue', asked.queue), ('agent', asked.agent)) if value is not None)
    period = f' from {asked.since or "the first"} to {asked.until or "the last"}'
    return WarehouseError(f'there is no call{named}{period}', way_out=(
        f'Calls are dated {has["first"]} to {has["last"]}: give --from and --to in these days.'
        if has['first'] else 'No call has a date: leave --from and --to out.'))
