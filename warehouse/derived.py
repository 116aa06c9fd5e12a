"""Derived tables: what the views ask most, worked out when a day changes and not at each question.

`derived/<name>.sql` says what each holds, from the other tables. Where a catalog has none of it, or
what an older program worked out, the database shows that statement itself in its place: the same
rows, only slower. The next change of the tables then works out all of it (`warehouse.deriving`).
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from warehouse.schemas import TABLES

_STATEMENTS = Path(__file__).parent / 'derived'


@cache
def statement_of(name: str) -> str:
    """The SELECT of a derived table's rows."""
    return (_STATEMENTS / f'{name}.sql').read_text(encoding='utf-8')


@cache
def read_by(name: str) -> tuple[str, ...]:
    """The derived tables that the statement of a derived table reads."""
    return tuple(other for other, table in TABLES.items()
                 if table.derived and re.search(rf'\b{other}\b', statement_of(name)))


@cache
def made_by(name: str) -> str:
    """Changes with the rows that a derived table would have."""
    sources = [statement_of(other) for other in TABLES if other in (name, *read_by(name))]
    return hashlib.sha256('\0'.join(sources).encode()).hexdigest()[:16]
