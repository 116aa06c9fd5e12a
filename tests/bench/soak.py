"""Many readers while the warehouse changes under them: does any of them ever fail, or see half?

    python -m tests.bench.soak [--minutes 5] [--readers 20]

Readers loop, each in a process of its own: most open `etiquette.duckdb` anew for each question,
as this program or as any DuckDB client does; one in five keeps it open for as long as the files of
an older catalog are promised to stay. One writer lands and publishes new calls and forces others
again, another one judges stored calls again and maintains the tables. Every answer is checked:
whatever is published, a snapshot has as many rows of `kpis` as calls, findings of each, the turns
that each was landed with, and as many calls as its runs published.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta, timezone
from itertools import compress
from pathlib import Path
from typing import Any

import duckdb

from warehouse.records import Words

READERS, MINUTES, RETENTION_S = 20, 5.0, 30.0
_A_RUN, _NEW, _FORCED = 6, 'etiquette run inbox', 'etiquette run --force inbox'
_PAUSE_S = 0.05
_SNAPSHOT = f"""SELECT
    (SELECT catalog FROM about) AS catalog,
    (SELECT count(*) FROM calls) AS calls,
    (SELECT count(*) FROM kpis) AS kpis,
    (SELECT count(DISTINCT call_id) FROM findings) AS judged,
    (SELECT count(*) FROM calls c WHERE (SELECT count(*) FROM turns t WHERE t.call_id = c.call_id)
        <> json_extract(c.manifest, '$.turns')::INT) AS torn,
    (SELECT count(*) FROM worst_calls) <= (SELECT count(*) FROM kpis) AS scored,
    (SELECT sum(calls_published) FROM runs WHERE command = '{_NEW}') AS published"""


@dataclass
class Told:
    """What one process saw."""

    answers: int = 0
    catalogs: int = 0
    slowest_s: float = 0.0
    faults: list[str] = field(default_factory=list)
    did: dict[str, int] = field(default_factory=dict)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--minutes', type=float, default=MINUTES)
    parser.add_argument('--readers', type=int, default=READERS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='etiquette-soak-') as folder:
        found = soak(Path(folder) / 'w', args.minutes * 60, args.readers)
    print(json.dumps(found, indent=2))
    sys.exit(bool(found['faults']))


def soak(root: Path, seconds: float, readers: int = READERS,
         retention_s: float = RETENTION_S) -> dict[str, Any]:
    """Runs all of it for so long. `faults` are the errors and the answers that were no snapshot."""
    calls = _Calls(root)
    calls.run(_NEW, calls.new())
    until = time.time() + seconds
    context = multiprocessing.get_context('spawn')
    jobs: list[tuple[Callable[..., None], tuple[Any, ...]]] = [
        (_write_calls, (root, until)), (_keep_up, (root, until, retention_s)),
        *((_read, (root, until, n, retention_s)) for n in range(readers))]
    with context.Manager() as manager:
        told = manager.list()
        processes = [context.Process(target=_told, args=(told, job, args)) for job, args in jobs]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        seen: list[Told] = list(told)
    lost = [f'a process ended with {p.exitcode}' for p in processes if p.exitcode]
    did: dict[str, int] = {}
    for one in seen:
        for what, times in one.did.items():
            did[what] = did.get(what, 0) + times
    return {
        'seconds': round(seconds), 'readers': readers, 'retention_s': retention_s, 'did': did,
        'answers': sum(one.answers for one in seen), 'catalogs': max(o.catalogs for o in seen),
        'slowest_answer_s': round(max(one.slowest_s for one in seen), 2),
        'faults': lost + [fault for one in seen for fault in one.faults]}


def _told(told: Any, job: Callable[..., None], args: tuple[Any, ...]) -> None:
    mine = Told()
    try:
        job(mine, *args)
    except Exception:
        mine.faults.append(f'{job.__name__}: {traceback.format_exc()}')
    told.append(mine)


# Readers

def _read(told: Told, root: Path, until: float, number: int, retention_s: float) -> None:
    from warehouse.database import NAME, open_readonly
    dice, last = random.Random(number), 0
    keep_s = retention_s / 2 if number % 5 == 0 else 0.0
    while time.time() < until:
        began = time.time()
        try:
            with open_readonly(root) if number % 2 else duckdb.connect(
                    str(root / NAME), read_only=True) as con:
                while True:
                    asked = time.time()
                    last = _checked(told, con, last)
                    told.slowest_s = max(told.slowest_s, time.time() - asked)
                    time.sleep(dice.uniform(0, 2 * _PAUSE_S))
                    if time.time() > min(began + keep_s, until):
                        break
        except Exception as e:
            told.faults.append(f'reader {number}: {type(e).__name__}: {e}')
            time.sleep(1.0)


def _checked(told: Told, con: duckdb.DuckDBPyConnection, last: int) -> int:
    row = con.execute(_SNAPSHOT).fetchone()
    assert row
    catalog, calls, kpis, judged, torn, scored, published = row
    told.answers += 1
    told.catalogs += catalog != last
    if not (calls == kpis == judged == published and scored and not torn):
        told.faults.append(f'catalog {catalog} is no snapshot: {row}')
    return int(catalog)


# Writers

class _Calls:
    """Lands and publishes calls of some days, made without audio."""

    def __init__(self, root: Path):
        from tests.stored_calls import heard
        self._root, self._made = root, 0
        self._heard = [heard(seed) for seed in range(12)]

    def new(self) -> list[int]:
        """The numbers of the next calls."""
        self._made += _A_RUN
        return list(range(self._made - _A_RUN, self._made))

    def before(self, dice: random.Random) -> list[int]:
        """Some calls that were published before."""
        return dice.sample(range(self._made), min(_A_RUN, self._made))

    def run(self, command: str, numbers: list[int], redone: int = 0) -> None:
        """What a run does: it lands calls and publishes them. A call that is done again fewer
        turns."""
        from tests.results import run
        from tests.stored_calls import judged_by
        from warehouse import landing
        from warehouse.publish import publish
        now = datetime.now(timezone.utc)
        for number in numbers:
            call, turns, words, events = self._heard[number % len(self._heard)]
            kept = turns[:len(turns) - redone]
            words = _of_turns(words, len(kept))
            call = replace(
                call, call_id=f'call-{number:05}', manifest=json.dumps({'turns': len(kept)}),
                processed_at=now + timedelta(milliseconds=number), audio_sha256=f'{number}')
            landing.put(self._root, judged_by((call, kept, words, events)))
        publish(self._root, replace(
            run(f'r-{now.isoformat()}', published=len(numbers)), command=command))


def _of_turns(words: Words, turns: int) -> Words:
    kept = [turn < turns for turn in words.turn]
    return Words(*(tuple(compress(getattr(words, f.name), kept)) for f in fields(Words)))


def _write_calls(told: Told, root: Path, until: float) -> None:
    calls, dice = _Calls(root), random.Random('writer')
    calls.new()
    while time.time() < until:
        calls.run(_NEW, calls.new())
        _count(told, 'runs')
        calls.run(_FORCED, calls.before(dice), dice.randrange(3))
        _count(told, 'forced runs')


def _keep_up(told: Told, root: Path, until: float, retention_s: float) -> None:
    from pipeline.rescore import rescore_warehouse
    from pipeline.settings import load_settings
    from warehouse.maintain import maintain
    settings = load_settings(None)
    while time.time() < until:
        done = maintain(root, retention_s=retention_s, target_bytes=2 ** 20)
        _count(told, 'maintained')
        _count(told, 'times files were joined', done.joined)
        _count(told, 'files removed', sum(table.removed for table in done.tables))
        rescore_warehouse(root, settings, (), command='etiquette rescore', workers=1)
        _count(told, 'rescores')


def _count(told: Told, what: str, times: int = 1) -> None:
    told.did[what] = told.did.get(what, 0) + times


if __name__ == '__main__':
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    main()
