"""A folder of vCons: the rows of some hundred calls at a time, so that memory stays bounded."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from warehouse import landing
from warehouse.export import vcon
from warehouse.export.source import Snapshot, Watch, finite
from warehouse.tables import literal

_CALLS = 200
_ORDER = {'turns': 'turn', 'words': 'word', 'events': 'event', 'findings': 'standard, rule_id',
          'kpis_all': 'standard <> config_standard(), standard'}


def write(snapshot: Snapshot, folder: Path, watch: Watch, audio_url: str | None = None) -> int:
    """Writes <quoted call_id>.vcon.json of each call. Returns the number of calls."""
    watch.begin('calls', snapshot.count('calls'))
    written = 0
    for (day,) in snapshot.rows('SELECT DISTINCT call_date FROM calls ORDER BY 1'):
        ids = [row[0] for row in snapshot.rows(
            f'SELECT call_id FROM calls WHERE {_on(day)} ORDER BY 1')]
        for first in range(0, len(ids), _CALLS):
            some = ids[first:first + _CALLS]
            _write_some(snapshot, folder, day, some, audio_url)
            written += len(some)
            watch.add(len(some))
    return written


def _write_some(snapshot: Snapshot, folder: Path, day: date | None, ids: list[str],
                audio_url: str | None) -> None:
    # The bounds let whole row groups be passed over, which a list of names does not.
    where = (f'{_on(day)} AND call_id BETWEEN {literal(ids[0])} AND {literal(ids[-1])} '
             f'AND call_id IN ({", ".join(map(literal, ids))})')
    calls = _records(snapshot, f'SELECT * FROM calls WHERE {where} ORDER BY call_id')
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, order in _ORDER.items():
        rows[name] = defaultdict(list)
        for row in _records(
                snapshot, f'SELECT * FROM {name} WHERE {where} ORDER BY call_id, {order}'):
            rows[name][row['call_id']].append(row)
    for call in calls:
        document = vcon.document(
            call, *(rows[name][call['call_id']] for name in _ORDER),
            published_at=snapshot.published_at, audio_url=audio_url)
        path = folder / f'{landing.path_of(folder, call["call_id"]).stem}.vcon.json'
        path.write_bytes(vcon.encoded(document))


def _records(snapshot: Snapshot, sql: str) -> list[dict[str, Any]]:
    """The rows of an answer; a number that is none, which JSON does not have, is not known."""
    table = snapshot.table(sql)
    for n, field in enumerate(table.schema):
        if pa.types.is_floating(field.type):
            table = table.set_column(n, field, finite(table.column(n)))
    return table.to_pylist()


def _on(day: date | None) -> str:
    return 'call_date IS NULL' if day is None else f'call_date = DATE {literal(day)}'
