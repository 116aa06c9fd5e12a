"""A warehouse of very many calls, made without audio for the bench.

Some hundreds of distinct calls of 60 turns (tests/stored_calls.py), judged by the default standard,
are repeated under ids, dates, agents, queues and callers drawn from a seed. Each copy is stretched
in time by a factor of its own, so that no two calls have the same figures. Its files are sorted and
written as a rescore writes them, one a table and day; every table gets one commit.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tests.stored_calls import heard, judged_by
from warehouse import landing, staging
from warehouse.commit import at_versions, changing, make_visible, next_catalog
from warehouse.deriving import write_derived
from warehouse.rewrite import Written, new_file, swap_in
from warehouse.schemas import TABLES

TEMPLATES, TURNS, DAYS, AGENTS, QUEUES, CALLERS = 240, 60, 365, 200, 12, 300_000
MOST_WITH_WORDS = 50_000
FIRST = date(2025, 11, 1)
NAMES = ('calls', *landing.NESTED)
_GROUP_ROWS = 2 ** 17
_BUSY = (1.25, 1.2, 1.1, 1.1, 1.05, 0.7, 0.6)  # by weekday, of the mean


@dataclass(frozen=True)
class _Days:
    """What one task makes: some days, with so many calls each."""

    folder: Path
    days: tuple[tuple[date, int], ...]
    names: tuple[str, ...]


def make(root: Path, calls: int, workers: int = 2) -> None:
    """Makes the warehouse; of more than MOST_WITH_WORDS calls the table `words` stays empty."""
    names = NAMES if calls <= MOST_WITH_WORDS else tuple(n for n in NAMES if n != 'words')
    days = calls_a_day(calls)
    with changing(root, 'making') as opened, staging.scratch(opened.root) as folder:
        _write_templates(folder)
        tasks = [_Days(folder, tuple(days[first:first + 15]), names)
                 for first in range(0, len(days), 15)]
        with ProcessPoolExecutor(workers, multiprocessing.get_context('spawn')) as pool:
            written = [file for files in pool.map(_write_days, tasks) for file in files]
        now, dates = next_catalog(opened, 'default', 'UTC'), [day for day, _ in days]
        for name in names:
            version = swap_in(opened.root, name, [w for w in written if w.name == name], dates)
            now = at_versions(now, **{name: version})
        now = write_derived(opened.root, now, dates)
        make_visible(opened, now)


def calls_a_day(calls: int) -> list[tuple[date, int]]:
    """The days of the year with their calls, which sum to `calls`."""
    days = [FIRST + timedelta(days=n) for n in range(DAYS)]
    bounds = np.cumsum([0.0, *(_BUSY[day.weekday()] for day in days)])
    counts = np.diff(np.round(bounds / bounds[-1] * calls).astype(int))
    return [(day, int(count)) for day, count in zip(days, counts, strict=True) if count]


def _write_templates(folder: Path) -> None:
    rows = staging.spread(pa.concat_tables(
        [landing.as_table(judged_by(heard(seed, TURNS))) for seed in range(TEMPLATES)]))
    for name, table in rows.items():
        ids = table['call_id'].to_numpy(zero_copy_only=False)
        _, first, counts = np.unique(ids, return_index=True, return_counts=True)
        np.save(folder / f'{name}.npy', np.stack([first, counts]))
        columns = {field.name: table[field.name].dictionary_encode()
                   if pa.types.is_string(field.type) else table[field.name]
                   for field in table.schema if field.name not in ('call_id', 'call_date')}
        with pa.OSFile(str(folder / f'{name}.arrow'), 'wb') as sink:
            plain = pa.table(columns).combine_chunks()
            with pa.ipc.new_file(sink, plain.schema) as file:
                file.write_table(plain)


def _write_days(task: _Days) -> list[Written]:
    pa.set_cpu_count(1)
    templates = {name: _Template.load(task.folder, name) for name in task.names}
    return [file for day, calls in task.days
            for file in _write_day(task.folder, day, calls, templates)]


@dataclass(frozen=True)
class _Template:
    """The rows of a table of all distinct calls: where those of a call begin, and how many."""

    rows: pa.Table
    first: np.ndarray
    counts: np.ndarray

    @staticmethod
    def load(folder: Path, name: str) -> _Template:
        with pa.memory_map(str(folder / f'{name}.arrow')) as source:
            rows = pa.ipc.open_file(source).read_all()
        return _Template(rows, *np.load(folder / f'{name}.npy'))

    def of(self, which: np.ndarray) -> tuple[pa.Table, np.ndarray]:
        """The rows of some calls one after the other, and of which call each is."""
        counts = self.counts[which]
        owner = np.repeat(np.arange(len(which)), counts)
        before = np.cumsum(counts) - counts
        at = np.arange(counts.sum()) + np.repeat(self.first[which] - before, counts)
        return self.rows.take(pa.array(at)), owner


def _write_day(folder: Path, day: date, calls: int,
               templates: dict[str, _Template]) -> list[Written]:
    dice = np.random.default_rng([1, day.toordinal()])
    which = dice.integers(0, TEMPLATES, calls)
    stretch = dice.uniform(0.8, 1.25, calls)
    ids = pa.array(f'{number:016x}' for number in np.sort(dice.integers(0, 2 ** 63, calls)))
    of_calls = _of_calls(dice, day, calls)
    written = []
    for name, template in templates.items():
        rows, owner = template.of(which)
        own = {'call_id': pa.DictionaryArray.from_arrays(pa.array(owner, pa.int32()), ids)}
        if name in ('calls', 'kpis'):  # one row a call
            own |= {key: value for key, value in of_calls.items() if key in rows.column_names}
        columns = {}
        for field in TABLES[name].schema:
            if field.name == 'call_date':
                continue
            column = own[field.name] if field.name in own else rows[field.name]
            if field.name.endswith('_s') and field.name not in own:
                column = _stretched(column, stretch[owner])
            columns[field.name] = column
        if name == 'kpis':
            columns['etiquette_score'] = _scores(rows, dice)
        written.append(_write(folder, name, day, pa.table(columns), ids))
    return written


def _stretched(column: pa.ChunkedArray, factor: np.ndarray) -> pa.Array:
    values = column.to_numpy()
    return pa.array(np.round(values * factor, 3), mask=np.isnan(values))


def _scores(rows: pa.Table, dice: np.random.Generator) -> pa.Array:
    """Scores anywhere between their bounds, of the calls that have one."""
    known, low, high = (rows[f'etiquette_{name}'].to_numpy() for name in ('score', 'lo', 'hi'))
    score = np.round(low + dice.random(len(low)) * (high - low), 2)
    return pa.array(np.clip(score, low, high), mask=np.isnan(known))


def _of_calls(dice: np.random.Generator, day: date, calls: int) -> dict[str, pa.Array]:
    """The columns of `calls` and `kpis` that tell one copy from another."""
    on_duty = np.array([n for n in range(AGENTS) if (n + day.weekday()) % 7 < 5])
    agent = dice.choice(on_duty, calls)
    queue = (agent + (dice.random(calls) < 0.1)) % QUEUES
    at_us = (dice.normal(13.0, 2.5, calls).clip(7.0, 20.0) * 3.6e9).astype(np.int64)
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=timezone.utc).timestamp() * 1e6)
    contact = dice.integers(0, calls * 9 // 10 + 1, calls)
    return {
        'agent_id': _named('agent-{:03}', AGENTS, agent),
        'queue': _named('queue-{:02}', QUEUES, queue),
        'caller_id': pa.array(f'+1555{n:07}' for n in dice.integers(0, CALLERS, calls)),
        'started_at': pa.array(at_us + midnight, pa.timestamp('us', tz='UTC')),
        'audio_sha256': pa.array(dice.bytes(32).hex() for _ in range(calls)),
        'source_uri': pa.array(f's3://recordings/{day}/{n:06}.wav' for n in range(calls)),
        'manifest': pa.array(f'{{"contact_id": "{day}-{n}", "agent_name": "Anna"}}'
                             for n in contact),
    }


def _named(form: str, names: int, which: np.ndarray) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(which, pa.int32()), pa.array(form.format(n) for n in range(names)))


def _write(folder: Path, name: str, day: date, rows: pa.Table, ids: Sequence[str]) -> Written:
    path = new_file(folder, name, day)
    pq.write_table(
        rows, path, compression='zstd', store_schema=False, row_group_size=_GROUP_ROWS,
        write_statistics=['call_id', *(['standard'] if 'standard' in rows.column_names else [])],
        dictionary_pagesize_limit=2 ** 23, use_dictionary=[
            f.name for f in rows.schema if not pa.types.is_floating(f.type)])
    return Written(name, day, path, rows.num_rows, str(ids[0]), str(ids[-1]))
