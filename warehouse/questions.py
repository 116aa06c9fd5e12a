"""Named questions: files `questions/*.sql` with a header, answered with parameters.

    -- Question: Which holds were the longest?
    -- Parameters: agent, queue, from, to, limit = 20

The values go into the statement as DuckDB parameters (`$agent`), never as text. A site's own
questions are such files in a folder of its own; one of the same name goes before the shipped one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.query import Rows, run_sql

FOLDER = Path(__file__).parent / 'questions'
# What a question can ask to be told, and the type that its statement sees. A day is a call_date.
PARAMETERS = {'agent': 'VARCHAR', 'queue': 'VARCHAR', 'call': 'VARCHAR', 'rule': 'VARCHAR',
              'from': 'DATE', 'to': 'DATE', 'limit': 'BIGINT'}
_NAME = re.compile(r'[a-z0-9]+(-[a-z0-9]+)*')
_PARAMETER = re.compile(r'([a-z]+)(?:\s*=\s*(\d+)|\s+(required))?')
Value = str | int | date | None


class QuestionError(WarehouseError):
    """A question that there is not, that is told too little or too much, or whose file is wrong."""


@dataclass(frozen=True)
class Question:
    """A named question.

    Attributes:
      asks: the question in words.
      defaults: parameter -> its value where none is given; None: all there is.
      required: the parameters without which there is no answer.
    """

    name: str
    asks: str
    sql: str
    defaults: Mapping[str, Value]
    required: tuple[str, ...]


def load_questions(own: Path | None = None) -> dict[str, Question]:
    """The questions by name: the shipped ones and those of a site's own folder.

    Raises QuestionError where a file of the folder is none, or the folder is not there.
    """
    if own is not None and not own.is_dir():
        raise QuestionError(f'there is no folder {own} of questions',
                            way_out='Make it, or correct `questions` in the settings.')
    paths = [path for folder in (FOLDER, own) if folder for path in sorted(folder.glob('*.sql'))]
    return {question.name: question for question in map(read_question, paths)}


def read_question(path: Path) -> Question:
    """The question of a file. Raises QuestionError that names the file and what it lacks."""
    try:
        text = path.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as e:
        raise QuestionError(f'{path} cannot be read: {e}', way_out='Write it as UTF-8.') from e
    if not _NAME.fullmatch(path.stem):
        raise QuestionError(f'{path} has no name that can be asked for', way_out=(
            'Name it in small letters, digits and hyphens, e.g. worst-holds.sql.'))
    head, sql = _parted(text)
    asks = head.get('Question', '')
    if not asks or not sql:
        raise QuestionError(f'{path} is no question', way_out=(
            'Begin it with `-- Question: ...` and `-- Parameters: agent, limit = 20`.'))
    defaults, required = _parameters(path, head.get('Parameters', ''))
    return Question(path.stem, asks, sql, defaults, required)


def ask(root: Path, question: Question, given: Mapping[str, Value],
        as_of: int | None = None) -> Rows:
    """The answer to a question.

    Args:
      given: parameter -> value, of those that are to differ from their defaults.

    Raises QuestionError where it does not take a parameter that is given or lacks one that it
    needs, and what `run_sql` raises.
    """
    extra = sorted(given.keys() - question.defaults.keys())
    if extra:
        takes = ', '.join(f'--{name}' for name in question.defaults) or 'nothing'
        raise QuestionError(f'`{question.name}` does not take --{extra[0]}',
                            way_out=f'It takes {takes}.')
    values = {**question.defaults, **given}
    lacking = [name for name in question.required if values[name] is None]
    if lacking:
        raise QuestionError(f'`{question.name}` does not know of which {lacking[0]}',
                            way_out=f'Add --{lacking[0]}.')
    return run_sql(root, question.sql, as_of, values)


def _parted(text: str) -> tuple[dict[str, str], str]:
    """The header by its words, where a line without one goes on with the last; and the rest."""
    lines = text.splitlines()
    first = next((n for n, line in enumerate(lines) if not line.startswith('--')), len(lines))
    head: dict[str, str] = {}
    word = ''
    for line in lines[:first]:
        found = re.fullmatch(r'--\s*(Question|Parameters):\s*(.*)', line)
        word, said = (found[1], found[2]) if found else (word, line[2:])
        head[word] = f'{head.get(word, "")} {said.strip()}'.strip()
    return head, '\n'.join(lines[first:]).strip()


def _parameters(path: Path, text: str) -> tuple[dict[str, Value], tuple[str, ...]]:
    defaults: dict[str, Value] = {}
    required: list[str] = []
    for item in filter(None, (part.strip() for part in text.split(','))):
        found = _PARAMETER.fullmatch(item)
        if found is None or found[1] not in PARAMETERS:
            raise QuestionError(f'{path} has a parameter `{item}`', way_out=(
                f'There is {", ".join(PARAMETERS)}; write `limit = 20` or `call required`.'))
        defaults[found[1]] = int(found[2]) if found[2] else None
        if found[3]:
            required.append(found[1])
    return defaults, tuple(required)
