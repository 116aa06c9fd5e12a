"""A manifest and a file of rejects, written whole or not at all."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.importers import Broken, Row
from pipeline.manifest import json_of
from pipeline.rows import COLUMNS, ManifestError


def write_manifest(path: Path, rows: Sequence[Row]) -> None:
    """The rows as JSON Lines, with the columns in the manifest's order."""
    order = {name: at for at, name in enumerate(COLUMNS)}

    def line(row: Row) -> str:
        cells = json.loads(json_of(row.cells))
        return json.dumps(dict(sorted(cells.items(), key=lambda cell: order.get(
            cell[0], len(order)))), ensure_ascii=False)
    _write(path, map(line, rows))


def write_rejects(path: Path, rejects: Iterable[Broken]) -> None:
    """Where each is, what is wrong with it, what mends it, and how it begins."""
    _write(path, (json_of({'where': one.where, 'cause': one.cause, 'way_out': one.way_out,
                           'text': one.text}) for one in rejects))


def is_encoding(name: str) -> bool:
    """Whether text can be read by this encoding."""
    try:
        return codecs.lookup(name)._is_text_encoding
    except LookupError:
        return False


def _write(path: Path, lines: Iterable[str]) -> None:
    beside = path.with_name(f'.{path.name}.{os.getpid()}')
    try:
        with beside.open('w', encoding='utf-8') as file:
            file.writelines(f'{line}\n' for line in lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise ManifestError(f'{path}: cannot be written ({error.strerror or error})',
                            'Choose a folder that is there and may be written to.') from error
