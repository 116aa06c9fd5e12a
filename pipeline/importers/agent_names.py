"""Names of agents by their ids, from a file of one's own: records often tell ids alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.importers import Broken, Note, Read, Row
from pipeline.importers.files import broken, text_of
from pipeline.rows import ManifestError

_SNIFFED = 4096  # characters
_HEADER = 'Write a header with id and name: id,name'
_UNNAMED = 'its agent is not in the file of --agents'


def agent_names(path: Path, encoding: str) -> tuple[dict[str, str], list[Broken]]:
    """Id in lower case to name, and the lines that say neither.

    CSV with a header that has `id` and `name`; other columns are passed over. Raises ManifestError
    where the file cannot be read or has no such header.
    """
    text = text_of(path, encoding)
    if isinstance(text, Broken):
        raise ManifestError(f'--agents {path}: {text.cause}', text.way_out)
    first = text[:_SNIFFED].partition('\n')[0]
    delimiter = max(',;\t', key=first.count)
    reader = csv.reader(io.StringIO(text, newline=''), delimiter=delimiter, strict=True)
    names: dict[str, str] = {}
    faults = []
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        if not {'id', 'name'} <= set(header):
            raise ManifestError(f'--agents {path}: names no columns id and name', _HEADER)
        for cells in reader:
            said = dict(zip(header, (cell.strip() for cell in cells), strict=False))
            why = _taken(said, names) if any(said.values()) else None
            if why:
                faults.append(broken(f'{path} line {reader.line_num}', why,
                                     'Correct it: each id needs one name.',
                                     delimiter.join(cells), records=0))
    except csv.Error as error:
        raise ManifestError(f'--agents {path} line {reader.line_num}: is no CSV ({error})',
                            'Save it as CSV again.') from error
    return names, faults


def named(items: Iterable[Read], names: Mapping[str, str], source: str) -> Iterator[Read]:
    """The items, rows with the name of their agent where it is known."""
    for item in items:
        if isinstance(item, Row) and (agent := item.cells.get('agent_id')):
            name = names.get(str(agent).lower())
            if name is None:
                yield Note(_UNNAMED)
            else:
                item = replace(item, cells={**item.cells, 'agent_name': name},
                               origin={**item.origin, 'agent_name': source})
        yield item


def _taken(said: Mapping[str, str], names: dict[str, str]) -> str | None:
    """Takes the line in; else why not."""
    id, name = said.get('id', ''), said.get('name', '')
    if not id or not name:
        return f'has no {"name" if id else "id"}'
    if names.setdefault(id.lower(), name) != name:
        return f'gives {id} another name than a line before'
    return None
