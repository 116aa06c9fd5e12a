"""Named questions on the terminal: the list of them, and an answer that is good to look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pipeline.show import NAME_WIDTH, output
from pipeline.text import clean, nearest
from warehouse.query import Rows
from warehouse.questions import Question, QuestionError, Value

_BAR = 6  # characters of a full bar
_EIGHTHS = ' ▏▎▍▌▋▊▉'
_MOST = 300  # characters of a text in a cell


def chosen(name: str, questions: Mapping[str, Question]) -> Question:
    """The question of this name. Raises QuestionError with the nearest one where there is none."""
    if name not in questions:
        raise QuestionError(f'there is no question `{clean(name)}`', way_out=(
            f'{nearest(name, questions)} `etiquette ask` lists them all.'.strip()))
    return questions[name]


def print_questions(questions: Mapping[str, Question]) -> None:
    """All questions in short, with the flags that each takes."""
    table = _frame()
    for heading in ('name', 'question', 'takes'):
        table.add_column(heading, overflow='fold', no_wrap=heading == 'name')
    for question in questions.values():
        table.add_row(Text(question.name, style='bold'), Text(_short(clean(question.asks))),
                      Text(_takes(question), style='dim'))
    output().print(table)
    output().print(Text('etiquette ask NAME [--agent ID] ...   (! = needed)', style='dim'))


def question_rows(questions: Mapping[str, Question]) -> list[dict[str, Any]]:
    """The questions as plain rows, for JSON."""
    return [{'name': q.name, 'question': q.asks, 'takes': dict(q.defaults),
             'required': list(q.required)} for q in questions.values()]


def print_answer(question: Question, given: Mapping[str, Value], rows: Rows) -> None:
    """The answer under its question. Columns in `_s` are seconds, in `_share` parts of 1."""
    console = output()
    told = ', '.join(f'{name} {clean(value)}' for name, value in given.items())
    console.print(Text(clean(question.asks), style='bold') + Text(f'  ({told})' if told else '',
                                                                  style='dim'))
    fetched = list(rows.rows())
    if not fetched:
        console.print('nothing: no row answers this question')
        return
    table = _frame()
    for n, name in enumerate(rows.columns):
        values = [row[n] for row in fetched]
        numeric = any(isinstance(value, int | float) and not isinstance(value, bool)
                      for value in values)
        names_it = n == 0 or name == 'rule'  # what names the row stays on one line where it can
        longest = max(len(str(value)) for value in values) if names_it else 0
        table.add_column(Text(_heading(name)), justify='right' if numeric else 'left',
                         overflow='fold', min_width=min(longest, NAME_WIDTH),
                         no_wrap=numeric and name.endswith('_share'))
    for row in fetched:
        table.add_row(*(cell(name, value) for name, value in zip(rows.columns, row, strict=True)))
    console.print(table)


def cell(column: str, value: Any) -> Text:
    """A value as its column is read."""
    if value is None:
        return Text('–', style='dim')
    if isinstance(value, bool):
        return Text('yes' if value else 'no')
    if isinstance(value, datetime):
        return Text(f'{value:%Y-%m-%d %H:%M}')
    if isinstance(value, list):
        return Text('\n'.join(clean(item, _MOST) for item in value))
    if isinstance(value, int | float) and column.endswith('_share'):
        return _share(float(value))
    if isinstance(value, float):
        return Text(f'{value:.2f}' if column.endswith(('_per_min', '_lo', '_hi')) else
                    f'{value:.1f}')
    return Text(clean(value, _MOST))


def _share(part: float) -> Text:
    """A bar and per cent."""
    eighths = round(min(max(part, 0.0), 1.0) * _BAR * 8)
    bar = '█' * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else '')
    return Text(f'{bar:{_BAR}}', style='cyan') + Text(f' {100 * part:3.0f} %', style='default')


def _heading(column: str) -> str:
    for ending, unit in (('_per_min', ' / min'), ('_per_h', ' / h'), ('_min', ', min'),
                         ('_mb', ', MB'), ('_s', ', s'), ('_h', ', h'), ('_share', '')):
        if column.endswith(ending) and column != ending:
            return clean(column[:-len(ending)].replace('_', ' ')) + unit
    return clean(column.replace('_', ' '))


def _short(asks: str) -> str:
    """The question without what explains it."""
    question, mark, _ = asks.partition('?')
    return question + mark


def _takes(question: Question) -> str:
    return ' '.join(f'--{name}!' if name in question.required else f'--{name}'
                    for name in question.defaults)


def _frame() -> Table:
    return Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
