"""The tables and views: a list for the terminal, and the page `docs/tables.md`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pipeline.show import output
from pipeline.text import clean
from warehouse.describe import Described
from warehouse.questions import load_questions

PAGE = """# The tables, the views and the questions

Everything that a run publishes, as DuckDB shows it: {tables} tables and {views} views over them,
which `etiquette tables` lists. This page is `etiquette tables --format markdown`.

A column that ends in `_s` is seconds, from the first sample of the recording where it is a moment;
`_at` is an instant in UTC; `_share` and `_ratio` are parts of 1; `_per_min` is a rate a minute.
What is not known is NULL and never 0, and a finding `kpi.<column>` says why. `kpis` and the views
show the configured standard alone, `kpis_all` has all that calls are judged by.

## How to ask

`etiquette ask` answers named questions, `etiquette sql "SELECT ..."` any other. The warehouse is
also a DuckDB file over plain Parquet, which any client opens. Open it read-only: the file is locked
while somebody has it open for writing, and no table of yours survives the next publish.

```sh
duckdb -readonly warehouse-data/etiquette.duckdb "FROM agent_day"
```

```python
import duckdb

con = duckdb.connect('warehouse-data/etiquette.duckdb', read_only=True)
frame = con.sql('SELECT * FROM kpis').df()   # pandas
frame = con.sql('SELECT * FROM kpis').pl()   # polars
```

A connection that stays open keeps the tables as they were when it was opened; a new one in the
same process has the newest only once all older ones are closed. The tables are Delta Lake tables
too, for Spark, Trino, polars and pandas; these see each table by itself, not all of one publish:

```python
import polars

kpis = polars.scan_delta('warehouse-data/tables/kpis').collect()
```
"""

QUESTIONS = '''
## Questions

`etiquette ask NAME` answers them. Your own are files NAME.sql in a folder that `questions` in the
settings names; one of a name below takes its place. Values go in as DuckDB parameters, and a file
can do no more than ask. There is `agent`, `queue`, `call`, `rule`, `from`, `to` and `limit`:

```sql
-- Question: Which calls were the longest?
-- Parameters: queue, from, to, limit = 10
SELECT call_id, call_date, agent_id, duration_s
FROM calls
WHERE ($queue::VARCHAR IS NULL OR queue = $queue)
    AND ($from::DATE IS NULL OR call_date >= $from)
    AND ($to::DATE IS NULL OR call_date <= $to)
ORDER BY duration_s DESC
LIMIT $limit
```

| name | question | takes |
| --- | --- | --- |
'''
KEY = 'One row for each {key}.'


def print_tables(shown: Sequence[Described]) -> None:
    """The tables and views, a row each; one alone with its columns."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    if len(shown) == 1:
        (one,) = shown
        output().print(Text(one.name, style='bold') + Text(f'  {clean(one.says)}'))
        rows = [(column.name, column.type, column.means) for column in one.columns]
        headings = ('column', 'type', 'meaning')
    else:
        rows = [(one.name, 'view' if one.is_view else 'table', one.says) for one in shown]
        headings = ('name', '', 'what it holds, or the question it answers')
    for heading in headings:
        table.add_column(heading, overflow='fold', no_wrap=heading in ('name', 'column'))
    for name, kind, text in rows:
        table.add_row(Text(name, style='bold'), Text(clean(kind), style='dim'), Text(clean(text)))
    output().print(table)


def as_json(shown: Sequence[Described]) -> str:
    """The tables and views as a JSON list of objects."""
    return json.dumps([asdict(one) for one in shown], ensure_ascii=False, indent=1)


def as_markdown(shown: Sequence[Described]) -> str:
    """The page: how to ask, then a section a table and view, then the named questions."""
    tables = [one for one in shown if not one.is_view]
    views = [one for one in shown if one.is_view]
    parts = [PAGE.format(tables=len(tables), views=len(views))]
    for heading, group in (('Tables', tables), ('Views', views)):
        if group:
            parts.append(f'\n## {heading}\n')
            parts += [_section(one) for one in group]
    parts.append(QUESTIONS)
    for question in load_questions().values():
        takes = ' '.join(f'`--{name}`' for name in question.defaults)
        parts.append(f'| `{question.name}` | {_cell(question.asks)} | {takes} |\n')
    return ''.join(parts)


def _section(one: Described) -> str:
    key = f' {KEY.format(key=", ".join(one.key))}' if one.key else ''
    rows = ''.join(f'| `{column.name}` | {_cell(column.type)} | {_cell(column.means)} |\n'
                   for column in one.columns)
    return (f'\n### {one.name}\n\n{_cell(one.says)}{"" if one.is_view else "."}{key}\n\n'
            f'| column | type | meaning |\n| --- | --- | --- |\n{rows}')


def _cell(text: str) -> str:
    return clean(text).replace('|', '\\|').replace('{', '\\{').replace('<', '&lt;')
