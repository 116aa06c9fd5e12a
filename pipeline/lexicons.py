"""The phrase lists of `configs/lexicon` with what a site adds, and the acts that they know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import configs
from pipeline.phrase_files import (
    DRAFT,
    SCRIPTS,
    PhraseFile,
    agree_on_strictness,
    read_phrase_file,
    refuse_unknown_keys,
)
from pipeline.text import nearest
from pipeline.yaml_records import ConfigError, Located, build, read_yaml
from transforms.lexicon import Act, Lexicon
from warehouse.records import AGENT, CALLER

FOLDER = configs.FOLDER / 'lexicon'


def load_acts(folder: Path = FOLDER) -> Mapping[str, Act]:
    """The acts by name. Raises ConfigError that lists every fault."""
    acts = _acts(folder)
    _raise(acts.faults)
    return acts.by_name


@cache
def load_lexicon(language: str, folder: Path = FOLDER) -> Lexicon:
    """The shipped phrase list of a language. Raises ConfigError that lists every fault."""
    if language not in languages(folder):
        raise ConfigError(f'no phrase list for language `{language}`; there is '
                          f'{", ".join(languages(folder))}')
    acts, shipped = _acts(folder), _shipped(folder, language)
    _raise(acts.faults + shipped.faults)
    assert shipped.file is not None  # it has no fault
    return _lexicon(shipped.file, acts)


def load_lexicons(files: Iterable[str] = (), folder: Path = FOLDER) -> dict[str, Lexicon]:
    """The phrase lists of all languages, extended by a site's files in their order.

    Raises ConfigError that lists every fault of all files, acts.yaml included.
    """
    acts = _acts(folder)
    return {language: _lexicon(file, acts) for language, file in _files(files, folder).items()}


def describe_lexicons(files: Iterable[str] = (), folder: Path = FOLDER) -> list[str]:
    """A line for each language: how much it holds, and who read it. Raises as load_lexicons."""
    out = []
    for language, file in _files(files, folder).items():
        readers = Counter(row.reviewed or file.reviewed_by for row in file.lists.values())
        drafts = readers.pop(DRAFT, 0)
        read = ', '.join(f'{name} ({count})' for name, count in readers.items() if name)
        out.append(f'phrases {language}: {len(file.lists)} lists, '
                   f'{sum(len(row.phrases) for row in file.lists.values())} phrases, '
                   f'{drafts} drafts, reviewed by {read or "nobody"}')
    return out


def languages(folder: Path = FOLDER) -> list[str]:
    """The languages that have a phrase list."""
    return sorted(path.stem for path in folder.glob('*.yaml') if path.stem != 'acts')


class _Acts(NamedTuple):
    by_name: dict[str, Act]
    lists: dict[str, str]  # list -> where an act first names it
    faults: tuple[str, ...]


class _Shipped(NamedTuple):
    file: PhraseFile | None
    faults: tuple[str, ...]


@cache
def _acts(folder: Path) -> _Acts:
    path = folder / 'acts.yaml'
    faults: list[str] = []
    acts: dict[str, Act] = {}
    lists: dict[str, str] = {}
    try:
        tree = read_yaml(path)
    except ConfigError as error:
        return _Acts({}, {}, (str(error),))
    refuse_unknown_keys(tree, ('acts',), '', faults)
    rows = tree.value.get('acts', Located({}, tree.where))
    if not isinstance(rows.value, dict) or not rows.value:
        return _Acts({}, {}, (*faults, f'{rows.where}: `acts` must be a mapping of acts'))
    for name, row in rows.value.items():
        try:
            acts[name] = build(Act, row)
        except ConfigError as error:
            faults.append(str(error))
            continue
        for item in row.value['lists'].value:
            lists.setdefault(item.value, item.where)
        faults += _faults_of(name, row, acts)
    return _Acts(acts, lists, tuple(faults))


def _faults_of(name: str, row: Located, acts: Mapping[str, Act]) -> list[str]:
    act, where = acts[name], row.value['speaker'].where
    parties = (AGENT, CALLER)
    if act.speaker not in parties:
        return [f'{where}: act `{name}` has the speaker `{act.speaker}`; write {AGENT} or {CALLER}.'
                f'{nearest(act.speaker, parties)}']
    out = []
    if not act.lists:
        out.append(f'{row.value["lists"].where}: act `{name}` names no list; name one, or remove '
                   f'the act')
    for other, known in acts.items():
        both = [used for used in act.lists if used in known.lists]
        if both and known.speaker in parties and known.speaker != act.speaker:
            out.append(f'{where}: the list `{both[0]}` is of act `{other}` too, which is the '
                       f"{known.speaker}'s; a list is looked for in the words of one party, so "
                       f'give each its own')
    return out


@cache
def _shipped(folder: Path, language: str) -> _Shipped:
    faults: list[str] = []
    file = read_phrase_file(folder / f'{language}.yaml', (language,), _acts(folder).lists, faults)
    return _Shipped(file, tuple(faults))


def _files(sites: Iterable[str], folder: Path) -> dict[str, PhraseFile]:
    acts, known = _acts(folder), languages(folder)
    faults = list(acts.faults)
    out: dict[str, PhraseFile] = {}
    for language in known:
        file, found = _shipped(folder, language)
        faults += found
        if file is not None:
            out[language] = file
    # One language may lack a list that another has: only all of them together can tell.
    if set(SCRIPTS) <= set(out):
        faults += _unheard(acts, out)
    for site in sites:
        added = read_phrase_file(Path(site), known, acts.lists, faults, site=True)
        if added is not None and added.language in out:
            base = out[added.language]
            faults += [f'{row.where}: `{name}` has no phrase in language {added.language}; add some'
                       for name, row in added.lists.items()
                       if not row.phrases and name not in base.lists]
            out[added.language] = base.extended(added)
            agree_on_strictness(out[added.language].lists, faults)
    _raise(faults)
    return out


def _unheard(acts: _Acts, files: Mapping[str, PhraseFile]) -> list[str]:
    """A fault for every list of an act that no language has."""
    written = {name for file in files.values() for name in file.lists}
    return [f'{where}: no language has the list `{name}` of this act.'
            + (nearest(name, written) or ' Write it, or remove the act.')
            for name, where in acts.lists.items() if name not in written]


def _lexicon(file: PhraseFile, acts: _Acts) -> Lexicon:
    phrases = [phrase for row in file.lists.values() for phrase in row.phrases]
    return Lexicon(
        language=file.language,
        reviewed_by=file.reviewed_by,
        companies=file.companies,
        categories={name: tuple(phrase.say for phrase in row.phrases)
                    for name, row in file.lists.items()},
        drafts=frozenset(name for name, row in file.lists.items() if row.reviewed == DRAFT),
        caller_categories=frozenset(name for act in acts.by_name.values()
                                    if act.speaker == CALLER for name in act.lists),
        strictness={phrase.say: phrase.strictness for phrase in phrases
                    if phrase.strictness is not None})


def _raise(faults: Iterable[str]) -> None:
    if faults:
        raise ConfigError('\n'.join(dict.fromkeys(faults)))
