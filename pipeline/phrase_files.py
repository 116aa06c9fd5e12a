"""One file of phrases, shipped or a site's, with the line of every fault in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.text import nearest
from pipeline.yaml_records import ConfigError, Located, read_yaml

DRAFT = 'none'  # `reviewed: none`
SLOTS = ('{name}', '{company}', '{duration}')
# language -> what its script is called, and how the Unicode names of its characters begin.
SCRIPTS = {
    'en': ('Latin letters', ('LATIN',)),
    'id': ('Latin letters', ('LATIN',)),
    'ja': ('kana and kanji', ('HIRAGANA', 'KATAKANA', 'CJK UNIFIED', 'IDEOGRAPHIC')),
    'ko': ('Hangul', ('HANGUL',)),
    'zh': ('Chinese characters', ('CJK UNIFIED', 'IDEOGRAPHIC')),
}
_SLOT = re.compile(r'\{\w*\}')
_ALSO_LATIN = "'’-"  # i'm, e-mail


@dataclass(frozen=True)
class Phrase:
    """Words to look for; `strictness` None leaves it to the matcher."""

    say: str
    strictness: float | None
    where: str

    @property
    def key(self) -> str:
        """One for phrases that differ in case, width or spaces alone."""
        return ' '.join(unicodedata.normalize('NFKC', self.say).lower().split())


@dataclass(frozen=True)
class PhraseList:
    """A category. `reviewed` is who read it, `none` for a draft, None where nothing is said."""

    phrases: tuple[Phrase, ...]
    reviewed: str | None
    where: str


@dataclass(frozen=True)
class PhraseFile:
    """What a file holds, or a language's files together."""

    language: str
    reviewed_by: str | None
    companies: tuple[str, ...]
    lists: Mapping[str, PhraseList]

    def extended(self, site: PhraseFile) -> PhraseFile:
        """With the companies and phrases of a site; what the site says of a review replaces."""
        lists = dict(self.lists)
        for name, added in site.lists.items():
            base = lists.get(name, added)
            phrases = {phrase.key: phrase for phrase in (*base.phrases, *added.phrases)}
            lists[name] = PhraseList(tuple(phrases.values()), added.reviewed or base.reviewed,
                                     base.where)
        return PhraseFile(self.language, site.reviewed_by or self.reviewed_by,
                          tuple(dict.fromkeys((*self.companies, *site.companies))), lists)


def read_phrase_file(path: Path, languages: Collection[str], known: Collection[str],
                     faults: list[str], site: bool = False) -> PhraseFile | None:
    """The file's phrases; None where it has none that could be read.

    Args:
      languages: those that the file may be in.
      known: the lists that acts look for; none: these could not be read.
      faults: every fault of the file is appended, with its line and the cure.
      site: the file adds to a shipped one, so it need not have lists, nor a list phrases.
    """
    try:
        tree = read_yaml(path)
    except ConfigError as error:
        faults.append(str(error))
        return None
    refuse_unknown_keys(tree, ('language', 'reviewed_by', 'companies', 'categories'), '', faults)
    language = _language(tree, languages, faults)
    reviewed_by = _reviewer(tree.value.get('reviewed_by'), faults)
    companies = _companies(tree.value.get('companies'), faults)
    lists: dict[str, PhraseList] = {}
    rows = tree.value.get('categories', Located({}, tree.where))
    if not isinstance(rows.value, dict):
        faults.append(f'{rows.where}: `categories` must be a mapping of lists to their phrases')
    elif not rows.value and not site:
        faults.append(f'{rows.where}: `categories` is missing or empty; add lists of phrases')
    else:
        for name, row in rows.value.items():
            if known and name not in known:
                faults.append(f'{row.where}: no act looks for the list `{name}`.' + (
                    nearest(name, known) or (' Remove it.' if site else
                                             ' Remove it, or name it in acts.yaml.')))
            lists[name] = _list(name, row, language, site, faults)
    if not site:  # a site's are looked at beside those that they are added to
        agree_on_strictness(lists, faults)
    return PhraseFile(language, reviewed_by, companies, lists) if language else None


def refuse_unknown_keys(tree: Located, known: Collection[str], path: str,
                        faults: list[str]) -> None:
    """Appends a fault for every key of a mapping that is not known."""
    for key, value in tree.value.items():
        if key not in known:
            faults.append(f'{value.where}: unknown key `{path}{key}`.' + (
                nearest(key, known) or f' There is {", ".join(known)}.'))


def _language(tree: Located, languages: Collection[str], faults: list[str]) -> str | None:
    given = tree.value.get('language')
    choice = ' or '.join(languages)
    if given is None:
        faults.append(f'{tree.where}: `language` is missing; add `language: {choice}`')
    elif given.value not in languages:
        faults.append(f'{given.where}: `language` is {given.value!r}; write {choice}')
    elif given.value not in SCRIPTS:
        faults.append(f'{given.where}: the script of `{given.value}` is not known; '
                      f'add it to SCRIPTS in pipeline/phrase_files.py')
    else:
        return str(given.value)
    return None


def _reviewer(given: Located | None, faults: list[str]) -> str | None:
    if given is None or given.value is None:
        return None
    if not _is_text(given.value) or given.value == DRAFT:
        faults.append(f'{given.where}: `reviewed_by` is {_shown(given)}; write who read the lists, '
                      f'or null')
        return None
    return str(given.value)


def _companies(given: Located | None, faults: list[str]) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given.value, list):
        faults.append(f'{given.where}: `companies` must be a list of names')
        return ()
    names: dict[str, None] = {}
    for item in given.value:
        if not _is_text(item.value):
            faults.append(f'{item.where}: the company {_shown(item)} is no name; '
                          f'write it in quotes, or remove it')
        elif item.value in names:
            faults.append(f'{item.where}: company `{item.value}` stands twice; keep one')
        else:
            names[item.value] = None
    return tuple(names)


def _list(name: str, row: Located, language: str | None, site: bool,
          faults: list[str]) -> PhraseList:
    rows, reviewed, strictness = row, None, None
    if isinstance(row.value, dict):
        refuse_unknown_keys(row, ('reviewed', 'phrases', 'strictness'), f'{name}.', faults)
        reviewed = _reviewed(name, row.value.get('reviewed'), faults)
        strictness = _strictness(f'{name}.strictness', row.value.get('strictness'), faults)
        rows = row.value.get('phrases', Located([], row.where))
    if not isinstance(rows.value, list):
        faults.append(f'{rows.where}: `{name}` must be a list of phrases, or a mapping of '
                      f'`reviewed` and `phrases`')
        return PhraseList((), reviewed, row.where)
    if not rows.value and not (site and reviewed):
        faults.append(f'{rows.where}: `{name}` has no phrase; add some, or remove it')
    found: dict[str, Phrase] = {}
    for phrase in _phrases(name, rows.value, strictness, faults):
        earlier = found.setdefault(phrase.key, phrase)
        if earlier is not phrase:
            faults.append(f'{phrase.where}: `{phrase.say}` stands twice in `{name}`, first in line '
                          f'{_line(earlier.where)}; keep one')
        elif language:
            faults += [f'{phrase.where}: {fault}' for fault in _faults_of(phrase.say, language)]
    return PhraseList(tuple(found.values()), reviewed, row.where)


def _phrases(name: str, rows: list[Located], strictness: float | None,
             faults: list[str]) -> Iterator[Phrase]:
    for row in rows:
        say, own = row, None
        if isinstance(row.value, dict):
            refuse_unknown_keys(row, ('say', 'strictness'), f'{name}.', faults)
            own = _strictness(f'{name}.strictness', row.value.get('strictness'), faults)
            say = row.value.get('say', Located(None, row.where))
        if _is_text(say.value):
            yield Phrase(say.value, strictness if own is None else own, say.where)
        elif say.value is None or isinstance(say.value, str):
            faults.append(f'{say.where}: a phrase of `{name}` is empty; write it, or remove it')
        else:
            faults.append(f'{say.where}: a phrase of `{name}` is {_shown(say)}, not text; '
                          f'write it in quotes')


def _reviewed(name: str, given: Located | None, faults: list[str]) -> str | None:
    if given is None:
        return None
    if not _is_text(given.value):
        faults.append(f'{given.where}: `{name}.reviewed` is {_shown(given)}; write none, or who '
                      f'read the list')
        return None
    return str(given.value)


def _strictness(path: str, given: Located | None, faults: list[str]) -> float | None:
    if given is None:
        return None
    value = given.value
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        faults.append(f'{given.where}: `{path}` is {_shown(given)}; write a number from 0 to 1')
        return None
    return float(value)


def _faults_of(say: str, language: str) -> Iterator[str]:
    for slot in _SLOT.findall(say):
        if slot not in SLOTS:
            yield (f'unknown slot `{slot}` in `{say}`; there is {", ".join(SLOTS)}.'
                   f'{nearest(slot, SLOTS)}')
    words = unicodedata.normalize('NFKC', _SLOT.sub(' ', say))
    if not words.strip():
        yield f'`{say}` matches anything; add the words that are said beside the slot'
    script, prefixes = SCRIPTS[language]
    for ch in dict.fromkeys(words):
        if not (ch == ' ' or ch in '0123456789' or _is_of(ch, prefixes)
                or (prefixes == ('LATIN',) and ch in _ALSO_LATIN)):
            yield (f'`{ch}` in `{say}` is out of place in language {language}; write {script}, '
                   f'slots, digits and spaces alone')
            return


def _is_of(ch: str, prefixes: tuple[str, ...]) -> bool:
    # The category, as IDEOGRAPHIC begins the names of punctuation too.
    return unicodedata.category(ch)[0] in 'LMN' and unicodedata.name(ch, '').startswith(prefixes)


def agree_on_strictness(lists: Mapping[str, PhraseList], faults: list[str]) -> None:
    """Appends a fault for a phrase of two strictnesses: the matcher takes one a language."""
    known: dict[str, Phrase] = {}
    for phrase in (phrase for row in lists.values() for phrase in row.phrases):
        if phrase.strictness is None:
            continue
        earlier = known.setdefault(phrase.say, phrase)
        if earlier.strictness != phrase.strictness:
            faults.append(f'{phrase.where}: `{phrase.say}` has strictness {phrase.strictness} here '
                          f'and {earlier.strictness} in {earlier.where}; give it the same in both')


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _shown(given: Located) -> str:
    value = given.value
    return 'a mapping' if isinstance(value, dict) else 'a list' if isinstance(value, list) else \
        'nothing' if value is None else repr(value)


def _line(where: str) -> str:
    return where.rpartition(':')[2]
