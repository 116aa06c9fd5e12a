"""The phrase lists of `configs/lexicon`, and the acts that they know."""

from __future__ import annotations

from functools import cache

import configs
from pipeline.yaml_records import ConfigError, Located, build, read_yaml, unlocated
from transforms.lexicon import Act, Lexicon

FOLDER = configs.FOLDER / 'lexicon'


@cache
def load_acts() -> dict[str, Act]:
    """The acts by name."""
    tree = read_yaml(FOLDER / 'acts.yaml')
    return {name: build(Act, row) for name, row in tree.value['acts'].value.items()}


@cache
def load_lexicon(language: str) -> Lexicon:
    """The phrase list of a language."""
    path = FOLDER / f'{language}.yaml'
    if not path.is_file():
        raise ConfigError(f'no phrase list for language `{language}`; there is '
                          f'{", ".join(languages())}')
    tree = read_yaml(path)
    categories: dict[str, tuple[str, ...]] = {}
    drafts: set[str] = set()
    strictness: dict[str, float] = {}
    for name, row in tree.value['categories'].value.items():
        given = unlocated(row)
        if isinstance(given, dict):
            if given.get('reviewed') == 'none':
                drafts.add(name)
            given = given['phrases']
        for phrase in given:
            if isinstance(phrase, dict):
                strictness[phrase['say']] = float(phrase['strictness'])
        categories[name] = tuple(p['say'] if isinstance(p, dict) else p for p in given)
    callers = frozenset(name for act in load_acts().values() if act.speaker == 'caller'
                        for name in act.lists)
    where = tree.value['categories'].where
    for name, value in (('categories', categories), ('strictness', strictness)):
        tree.value[name] = Located({key: Located(v, where) for key, v in value.items()}, where)
    tree.value['drafts'] = Located(drafts, where)
    tree.value['caller_categories'] = Located(callers, where)
    return build(Lexicon, tree)


def languages() -> list[str]:
    """The languages that have a phrase list."""
    return sorted(path.stem for path in FOLDER.glob('*.yaml') if path.stem != 'acts')
