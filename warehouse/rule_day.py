"""`rule_day`: the findings of a day counted by agent, queue and rule, after they have changed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse import database, tables
from warehouse.catalog import Catalog
from warehouse.schemas import TABLES
from warehouse.tables import one_of

_DATES = 7  # counted together: bounds memory

# Decimals, so that the sums do not depend on row order.
_COUNTED = """
    SELECT f.call_date, c.agent_id, c.queue, f.standard, f.rule_version, f.rule_id,
        count(*) FILTER (result = 'pass') AS passed,
        count(*) FILTER (result = 'fail') AS failed,
        count(*) FILTER (result = 'unknown') AS unknown,
        count(*) FILTER (result = 'not_applicable') AS not_applicable,
        coalesce(sum(TRY_CAST(weight AS DECIMAL(18, 6))) FILTER (score IS NOT NULL), 0)
            ::DOUBLE AS sum_weight,
        coalesce(sum(TRY_CAST(weight * score AS DECIMAL(18, 6))), 0)::DOUBLE AS sum_score
    FROM findings f JOIN calls c USING (call_id)
    GROUP BY ALL ORDER BY ALL"""


def write_rule_day(root: Path, now: Catalog, dates: Collection[date | None]) -> int:
    """Counts the findings of these dates anew, in one commit. Returns the table's version.

    Args:
      now: a catalog of the findings and calls to count.
    """
    stale = _has_rows(root, now, dates)
    rows = _counted(root, now, dates)
    first = next(rows, None)
    if first is None and not stale:
        return now.tables['rule_day']
    schema = TABLES['rule_day'].schema
    reader = pa.RecordBatchReader.from_batches(
        schema, (batch for table in ([first] if first else [], rows)
                 for part in table for batch in part.to_batches()))
    return tables.write(root, 'rule_day', reader, one_of('call_date', dates) if stale else None)


def _has_rows(root: Path, now: Catalog, dates: Collection[date | None]) -> bool:
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, now, dates)
        return con.execute('SELECT 1 FROM rule_day LIMIT 1').fetchone() is not None


def _counted(root: Path, now: Catalog, dates: Collection[date | None]) -> Iterator[pa.Table]:
    """The rows, some dates at a time; no table is empty."""
    ordered = sorted(dates, key=lambda day: (day is None, day or date.min))
    # Before the first row is asked for: Delta cannot open a table while it writes another.
    views = [database.views_of(root, now, ordered[first:first + _DATES])
             for first in range(0, len(ordered), _DATES)]
    return (rows for statements in views if (rows := _count(statements)).num_rows)


def _count(views: Iterable[str]) -> pa.Table:
    with duckdb.connect(':memory:') as con:
        for view in views:
            con.execute(view)
        return database.ask(con, _COUNTED).cast(TABLES['rule_day'].schema)
