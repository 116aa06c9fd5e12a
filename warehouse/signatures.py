"""What stored findings hang on: of every rule_version the signature of each rule.

A file a version and program, in `rule_versions/<rule_version>/`: never changed, and nothing of a
call in it. What they do not agree in is not known of the rows of that version; without a file
nothing is. So no order of runs and rescores, none that is killed, and no loss of a file makes
findings be taken for what they are not.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb

from warehouse import catalog as catalogs
from warehouse import database, landing
from warehouse.files import write_whole

_FOLDER = 'rule_versions'
Signatures = Mapping[str, str]


def known(root: Path) -> dict[str, dict[str, str]]:
    """rule_version -> rule -> the signature by which all its rows were decided."""
    return {folder.name: _agreed([_read(path) for path in folder.glob('*.json')])
            for folder in (root / _FOLDER).glob('*')}


def record(root: Path, versions: Mapping[str, Signatures]) -> None:
    """Notes by what rows of some versions are decided from now on: before any of them can be
    seen."""
    for version, signatures in versions.items():
        if not (root / _FOLDER / version).exists() and _may_have(root, version):
            _write(root, version, {})
        _write(root, version, signatures)


def forget(root: Path, but: Collection[str]) -> None:
    """Notes that nothing is known of the versions that are not named."""
    for folder in (root / _FOLDER).glob('*'):
        if folder.name not in but:
            _write(root, folder.name, {})


def _may_have(root: Path, version: str) -> bool:
    """Whether rows of a version were made before anything of it was noted."""
    if next(landing.landed(root), None) is not None:
        return True
    catalog = catalogs.current(root)
    if catalog is None:
        return False
    with duckdb.connect(':memory:') as con:
        database.fill(con, root, catalog)
        return con.execute('SELECT 1 FROM kpis_all WHERE rule_version = ? LIMIT 1',
                           [version]).fetchone() is not None


def _agreed(records: list[dict[str, str]]) -> dict[str, str]:
    if not records:
        return {}
    return {rule: signature for rule, signature in records[0].items()
            if all(other.get(rule) == signature for other in records[1:])}


def _read(path: Path) -> dict[str, str]:
    try:
        return dict(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def _write(root: Path, version: str, signatures: Signatures) -> None:
    data = json.dumps(dict(signatures), sort_keys=True, indent=0).encode()
    path = root / _FOLDER / version / f'{hashlib.sha256(data).hexdigest()[:16]}.json'
    if not path.exists():
        write_whole(path, data)
