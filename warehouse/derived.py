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
def tables_in(sql: str) -> frozenset[str]:
    """The tables that a statement reads, and perhaps some more whose names are words in it."""
    words = set(re.findall(r'\w+', re.sub('--.*', '', sql)))
    return frozenset(name for name in TABLES
                     if name in words or (name == 'kpis' and 'kpis_all' in words))


@cache
def read_by(name: str) -> tuple[str, ...]:
    """The derived tables that the statement of a derived table reads."""
    return tuple(other for other, table in TABLES.items()
                 if table.derived and other in tables_in(statement_of(name)))


@cache
def made_by(name: str) -> str:
    """Changes with the rows that a derived table would have."""
    sources = [statement_of(other) for other in TABLES if other in (name, *read_by(name))]
    return hashlib.sha256('\0'.join(sources).encode()).hexdigest()[:16]
