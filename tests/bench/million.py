"""Bench part `million`: a warehouse of a million calls is asked and published into.

    python -m tests.bench.million [--million 1000000] [--folder DIR] [--only PART ...]

With --folder the warehouse is kept there, and taken from there the next time. Every question is
asked in processes of their own that open `etiquette.duckdb` as any DuckDB client does; the files
are in the system's cache, nothing is in DuckDB's.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from tests.bench import many_calls
from tests.bench.rescore import template
from tests.standard_for_tests import default_standard
from warehouse import catalog as catalogs
from warehouse import database, landing, tables
from warehouse.publish import publish
from warehouse.schemas import TABLES

CALLS, LANDED, RUNS = 1_000_000, 10_000, 3
PARTS = ('ask', 'report', 'publish', 'maintain', 'erase')
LANDED_TEMPLATES = 100
LAST = many_calls.FIRST + timedelta(days=many_calls.DAYS - 1)
MONTH = "BETWEEN DATE '2026-03-01' AND DATE '2026-03-31'"
_VIEWS = Path(database.__file__).parent / 'views'

# Beside a count of all rows, which every view is asked for: what people ask of it.
QUESTIONS = {
    'agent_day, the year': 'SELECT * FROM agent_day',
    'agent_day, a month': f'SELECT * FROM agent_day WHERE call_date {MONTH}',
    'queue_day, the year': 'SELECT * FROM queue_day',
    'queue_day, a month': f'SELECT * FROM queue_day WHERE call_date {MONTH}',
    'rule_compliance, the year': 'SELECT * FROM rule_compliance',
    'rule_compliance, an agent': "SELECT * FROM rule_compliance WHERE agent_id = 'agent-007'",
    'rule_day, a month by rule': f"""SELECT rule_id, sum(passed), sum(failed) FROM rule_day
        WHERE call_date {MONTH} GROUP BY rule_id""",
    'worst_calls, the worst 20': 'SELECT * FROM worst_calls LIMIT 20',
    'worst_calls, 20 of a month': f'SELECT * FROM worst_calls WHERE call_date {MONTH} LIMIT 20',
    'worst_calls, 20 of an agent': """SELECT * FROM worst_calls WHERE agent_id = 'agent-007'
        LIMIT 20""",
    'interruptions, an agent, a month': f"""SELECT * FROM interruptions
        WHERE agent_id = 'agent-007' AND call_date {MONTH}""",
    'interruptions, by agent, the year': """SELECT agent_id, interrupter, count(*)
        FROM interruptions GROUP BY ALL""",
    'holds, an agent, a month': f"""SELECT * FROM holds
        WHERE agent_id = 'agent-007' AND call_date {MONTH}""",
    'holds, the longest 20': 'SELECT * FROM holds ORDER BY duration_s DESC LIMIT 20',
    'agent_week, the year': 'SELECT * FROM agent_week',
    'coaching_moments, the newest 20': 'SELECT * FROM coaching_moments LIMIT 20',
    'coaching_agents, an agent': "SELECT * FROM coaching_agents WHERE agent_id = 'agent-007'",
    'first_response, a month': f'SELECT * FROM first_response WHERE call_date {MONTH}',
    'callbacks, not kept': 'SELECT * FROM callbacks WHERE kept = false LIMIT 100',
    'contact_transfers, too many': 'SELECT * FROM contact_transfers WHERE too_many',
    'missed_calls, the year': 'SELECT * FROM missed_calls',
    'interruption_sensitivity, by agent': """SELECT agent_id,
        sum(agent_interruptions_300ms), sum(agent_interruptions_2000ms)
        FROM interruption_sensitivity GROUP BY ALL""",
    'pca_flat, a month': """SELECT * FROM pca_flat WHERE partitiontimestamp
        BETWEEN '2026/03/01' AND '2026/03/31'""",
    'tca_call_summary, a call': """SELECT * FROM tca_call_summary WHERE JobName =
        (SELECT max(call_id) FROM calls WHERE call_date = DATE '2026-03-11')""",
    'one call, its turns': """SELECT * FROM turns WHERE call_id =
        (SELECT max(call_id) FROM calls WHERE call_date = DATE '2026-03-11')""",
}
_CLIENT = """
import json, resource, sys, time
import duckdb
sql, began = sys.stdin.read(), time.perf_counter()
con = duckdb.connect(sys.argv[1], read_only=True)
con.execute('SET enable_progress_bar = false').fetchall()
con.execute('SELECT catalog FROM about').fetchall()
opened = time.perf_counter()
rows = con.sql(sql).to_arrow_table().num_rows
answered, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({'open_s': opened - began, 'answer_s': answered - opened, 'rows': rows,
                  'cpu_s': used.ru_utime + used.ru_stime}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--million', type=int, default=CALLS, metavar='N')
    parser.add_argument('--folder', type=Path)
    parser.add_argument('--runs', type=int, default=RUNS)
    parser.add_argument('--only', nargs='+', choices=PARTS, default=PARTS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='etiquette-bench-') as folder:
        found = measured(args.folder or Path(folder), args.million, args.runs, args.only)
    print(json.dumps(found, indent=2))


def measured(folder: Path, calls: int = CALLS, runs: int = RUNS,
             only: tuple[str, ...] = PARTS) -> dict[str, Any]:
    """How long every question takes; a report, a publish, upkeep and an erasure of so many."""
    root = folder / f'calls-{calls}'
    found: dict[str, Any] = {'calls': calls, 'templates': many_calls.TEMPLATES}
    if catalogs.current(root) is None:
        began = time.monotonic()
        many_calls.make(root, calls)
        found['made_s'] = round(time.monotonic() - began)
    found |= _size(root)
    if 'ask' in only:
        found['questions'] = {name: _asked(root, sql, runs) for name, sql in questions().items()}
        found['open_s'] = round(statistics.median(
            one['open_s'] for one in found['questions'].values()), 3)
    if 'report' in only:
        page = folder / 'report.html'
        found['report'] = _ran('report', '--warehouse', str(root), '--out', str(page))
        found['report']['page_mb'] = round(page.stat().st_size / 1e6, 1)
    if 'publish' in only:
        found['publish'] = _published(root, min(LANDED, calls))
    if 'maintain' in only:
        found['maintain'] = _ran('maintain', '--warehouse', str(root))
    if 'erase' in only:
        found['erase'] = _erased(root)
    return found


def questions() -> dict[str, str]:
    """Name -> statement: QUESTIONS, and a count of every view's rows."""
    views = sorted(path.stem for path in _VIEWS.glob('*.sql'))
    return QUESTIONS | {f'{view}, a count': f'SELECT count(*) FROM {view}' for view in views}


def _size(root: Path) -> dict[str, Any]:
    catalog = catalogs.current(root)
    assert catalog
    sizes = {name: tables.files_of(tables.open_at(root, name, version))
             for name, version in catalog.tables.items()}
    with database.open_readonly(root) as con:
        rows = {name: (con.execute(f'SELECT count(*) FROM {name}').fetchone() or (0,))[0]
                for name in TABLES}
    return {'rows': rows, 'files': sum(map(len, sizes.values())), 'gb': round(
        sum(size for of in sizes.values() for _, size, _ in of) / 1e9, 1)}


def _asked(root: Path, sql: str, runs: int) -> dict[str, float]:
    """Medians over processes; the first, which fills the system's cache, is not counted."""
    done = [json.loads(subprocess.run(
        [sys.executable, '-c', _CLIENT, str(root / database.NAME)], input=sql, text=True,
        check=True, stdout=subprocess.PIPE).stdout) for _ in range(runs + 1)][1:]
    return {key: round(statistics.median(one[key] for one in done), 3) for key in done[0]}


def _published(root: Path, calls: int) -> dict[str, Any]:
    """Lands calls of the last three days and the day after them, and publishes them."""
    land(root, calls)
    began, cpu_s = time.monotonic(), _cpu_s()
    done = publish(root)
    return {'calls': done.calls, 'wall_s': round(time.monotonic() - began, 1),
            'cpu_s': round(_cpu_s() - cpu_s, 1), 'warnings': list(done.warnings),
            'peak_mb': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}


def _erased(root: Path) -> dict[str, Any]:
    """Erases the caller of the first call by id: one of few calls, among all days."""
    with database.open_readonly(root) as con:
        (caller, calls, days) = con.execute("""
            SELECT caller_id, count(*), count(DISTINCT call_date) FROM calls
            WHERE caller_id = (SELECT arg_min(caller_id, call_id) FROM calls)
            GROUP BY caller_id""").fetchone() or (None, 0, 0)
    done = _ran('erase', '--warehouse', str(root), '--caller', str(caller), '--yes')
    with database.open_readonly(root) as con:
        left = con.execute('SELECT count(*) FROM calls WHERE caller_id = ?', [caller]).fetchone()
    return {'calls': calls, 'days': days, 'left': (left or (None,))[0], **done}


def _ran(*arguments: str) -> dict[str, float]:
    """What a command takes, in a process of its own."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, '-m', 'pipeline', *arguments],
                               stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return {'wall_s': round(time.monotonic() - began, 1),
            'cpu_s': round(used.ru_utime + used.ru_stime, 1),
            'peak_mb': used.ru_maxrss // 1024}


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def land(root: Path, calls: int, run: str = 'night') -> None:
    """Landing files of so many calls, made of some distinct ones."""
    standard = default_standard()
    rows = [landing.as_table(template(n, standard)) for n in range(min(calls, LANDED_TEMPLATES))]
    dates = [LAST + timedelta(days=n) for n in (1, 0, -1, -2)]
    for n in range(calls):
        landing.put_row(root, _renamed(
            rows[n % len(rows)], call_id=f'{run}-{n:06}', audio_sha256=f'{run}{n}'.zfill(64),
            call_date=dates[n % len(dates)], run_id=run))


def _renamed(row: pa.Table, **values: str | date) -> pa.Table:
    for name, value in values.items():
        at = row.schema.get_field_index(name)
        row = row.set_column(at, row.schema.field(at), pa.array([value], row.schema.field(at).type))
    return row


if __name__ == '__main__':
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    main()
