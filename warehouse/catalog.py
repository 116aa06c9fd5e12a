"""The catalog: which Delta version of every table is published. Its newest file is the truth.

A publish becomes visible by one rename, of `catalog/<n>.json`. Older catalogs stay, for
`--as-of`. `etiquette.duckdb` is made from a catalog (`warehouse.database`) and can be made again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.files import write_whole


@dataclass(frozen=True)
class Catalog:
    """What one publish made visible.

    Attributes:
      number: counts from 1.
      tables: table name -> published Delta version.
      mixed: tables whose older files lack columns that newer ones have.
      standard: the etiquette standard that `kpis` and the views show.
      timezone: of call_date.
      published_at: ISO 8601, UTC.
      derived: derived table -> by what its rows were worked out.
    """

    number: int
    tables: Mapping[str, int]
    mixed: tuple[str, ...]
    standard: str
    timezone: str
    published_at: str
    derived: Mapping[str, str] = field(default_factory=dict)


def current(root: Path) -> Catalog | None:
    """The newest catalog; None where nothing has been published yet."""
    known = numbers(root)
    return load(root, known[-1]) if known else None


def load(root: Path, number: int) -> Catalog:
    """A catalog by its number. Raises WarehouseError where there is none, or none readable."""
    path = path_of(root, number)
    try:
        row = json.loads(path.read_bytes())
        return Catalog(**{**row, 'mixed': tuple(row['mixed'])})
    except FileNotFoundError:
        known = numbers(root)
        has = f'has {known[0]} to {known[-1]}' if known else 'has none yet'
        if known and number < known[0]:
            has += '; what is older was removed by `etiquette maintain` or `erase`'
        raise WarehouseError(f'there is no catalog {number}: {root} {has}',
                             way_out='Name one of these with --as-of, or leave it out.') from None
    except (OSError, ValueError, TypeError, KeyError) as e:
        raise WarehouseError(
            f'the catalog {path} cannot be read: {e}',
            way_out=f'Restore it from a backup, or remove it to go back to {number - 1}.') from e


def numbers(root: Path) -> list[int]:
    """The numbers of all catalogs, oldest first."""
    return sorted(int(path.stem) for path in (root / 'catalog').glob('*.json')
                  if path.stem.isdecimal())


def save(root: Path, catalog: Catalog) -> None:
    """Makes the catalog the current one: the instant at which a publish is seen."""
    write_whole(path_of(root, catalog.number), json.dumps(asdict(catalog), indent=1).encode())


def path_of(root: Path, number: int) -> Path:
    """Where a catalog lies."""
    return root / 'catalog' / f'{number}.json'
