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
    rows = {rule: dict(row.value) for rule, row in shipped_rules().items()}
    path = Path(name) if name.endswith('.yaml') else FOLDER / f'{name}.yaml'
    if path.is_file():
        given = read_extended(path, FOLDER).value.get('rules')
        for rule, row in (given.value if given else {}).items():
            rows.setdefault(rule, {}).update(row.value)
    return {rule: (str(unlocated(row['sentence'])) if 'sentence' in row else rule,
                   str(unlocated(row['source'])) if 'source' in row else '')
            for rule, row in rows.items()}


@cache
def shipped_rules() -> dict[str, Located]:
    """The rows of `configs/standards/rules`, by rule; a row's stage is its file's name."""
    rows: dict[str, Located] = {}
    for path in sorted((FOLDER / 'rules').glob('*.yaml')):
        for name, row in read_yaml(path).value.items():
            row.value['stage'] = Located(path.stem, row.where)
            rows[name] = row
    return rows
