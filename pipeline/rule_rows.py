"""The rules as they are written in YAML, without what decides them: quick to read."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import configs
from pipeline.yaml_records import Located, read_extended, read_yaml, unlocated

FOLDER = configs.FOLDER / 'standards'


def rule_texts(name: str) -> dict[str, tuple[str, str]]:
    """Rule -> its sentence and source, as a standard has them; without validating the rest.

    A standard that is not here any more has those of the shipped rules.
    """
    return {rule: (str(unlocated(row['sentence'])) if 'sentence' in row else rule,
                   str(unlocated(row['source'])) if 'source' in row else '')
            for rule, row in _rows_of(_path_of(name)).items()}


def rule_stages(name: str) -> tuple[tuple[str, ...], dict[str, str]]:
    """The stages of a standard in the order of a call, and rule -> its stage."""
    path = _path_of(name)
    tree = read_extended(path if path.is_file() else FOLDER / 'default.yaml', FOLDER)
    return tuple(unlocated(tree.value['stages'])), {
        rule: str(unlocated(row['stage'])) for rule, row in _rows_of(path).items()
        if 'stage' in row}


def _path_of(name: str) -> Path:
    return Path(name) if name.endswith('.yaml') else FOLDER / f'{name}.yaml'


def _rows_of(path: Path) -> dict[str, dict[str, Located]]:
    """The shipped rules with what the standard of a file says of them, and its own ones."""
    rows = {rule: dict(row.value) for rule, row in shipped_rules().items()}
    if path.is_file():
        given = read_extended(path, FOLDER).value.get('rules')
        for rule, row in (given.value if given else {}).items():
            rows.setdefault(rule, {}).update(row.value)
    return rows


@cache
def shipped_rules() -> dict[str, Located]:
    """The rows of `configs/standards/rules`, by rule; a row's stage is its file's name."""
    rows: dict[str, Located] = {}
    for path in sorted((FOLDER / 'rules').glob('*.yaml')):
        for name, row in read_yaml(path).value.items():
            row.value['stage'] = Located(path.stem, row.where)
            rows[name] = row
    return rows
