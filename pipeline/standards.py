"""The etiquette standards of `configs/standards`, and those that a site writes over them."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
import typing
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.lexicons import load_acts, load_lexicons
from pipeline.rule_rows import FOLDER, shipped_rules
from pipeline.text import nearest
from pipeline.yaml_records import (
    ConfigError,
    Located,
    build,
    read_extended,
    read_yaml,
    unlocated,
    within,
)
from transforms.lexicon import Lexicon
from transforms.phrasebook import Phrasebook
from transforms.protocol import Rule
from transforms.standard import Standard

_MEASURES = ('turns', 'overlaps', 'silence', 'ring', 'hold', 'checked')  # what events come from
# The first must be less than the second (or may equal it), unless one of them is null.
_ORDER = (
    ('silence.warn_s', '<', 'silence.bad_s'), ('silence.bad_s', '<', 'silence.fail_s'),
    ('silence.bad_s', '<=', 'hold.announced_min_s'),
    ('overlaps.min_event_s', '<', 'overlaps.min_ovl_s'),
    ('overlaps.min_ovl_s', '<=', 'overlaps.headline_s'),
    ('overlaps.headline_s', '<=', 'overlaps.long_ovl_s'),
    ('turns.ipu_gap_s', '<', 'overlaps.isolation_s'),
    ('overlaps.isolation_s', '<', 'turns.pause_s'),
    ('pickup.min_rings', '<=', 'pickup.max_rings'), ('pickup.max_rings', '<', 'pickup.late_rings'),
    ('pickup.min_rings', '<=', 'pickup.max_rings_done'),
    ('opening.window_s', '<=', 'opening.late_s'),
    ('hold_protocol.min_wait_s', '<=', 'hold_protocol.scored_wait_s'),
    ('name_use.min_uses', '<=', 'name_use.max_uses'),
    ('closing.window_s', '<=', 'closing.window_min_s'))
_ACTS = ('act', 'acts', 'trigger', 'in_turn', 'near')  # options that name acts
_FIELDS = ('sentence', 'source', 'tier', 'weight', 'on', 'decide', 'why_not', 'elsewhere', 'stage')


def load_standard(name: str, lexicons: Mapping[str, Lexicon] | None = None) -> Standard:
    """A standard of configs/standards, or a YAML file.

    Its version has two halves: a hash of what calls are measured by (thresholds of turns,
    overlaps, silences, rings and holds, and the phrase lists), and one of everything.
    Raises ConfigError that lists every fault.
    """
    path = Path(name) if name.endswith('.yaml') else FOLDER / f'{name}.yaml'
    if not path.is_file():
        raise ConfigError(f'standard `{name}` is none of {", ".join(standards())} and no YAML '
                          f'file.{nearest(name, standards())}')
    tree = read_extended(path, FOLDER)
    # Not the name of the standard that it extends.
    tree.value['name'] = read_yaml(path).value.get('name', Located(path.stem, f'{path}:1'))
    rules = _rules(tree)
    phrases = _content(lexicons if lexicons is not None else shipped_lexicons())
    whole = unlocated(tree)
    measures = {part: whole.get(part) for part in _MEASURES}
    everything = {**whole, 'rules': [list(vars(rule).values()) for rule in rules]}
    version = f'{_hash([measures, phrases])}-{_hash([everything, phrases])}'
    tree.value['version'] = Located(version, f'{path}:1')
    tree.value['rules'] = Located((), f'{path}:1')
    standard = _with_rules(build(Standard, tree), rules, tree)
    faults = _disorder(tree)
    if faults:
        raise ConfigError('\n'.join(faults))
    return standard


def standards() -> list[str]:
    """The names of the shipped standards."""
    return sorted(path.stem for path in FOLDER.glob('*.yaml'))


@cache
def shipped_lexicons() -> dict[str, Lexicon]:
    """The shipped phrase lists by language."""
    return load_lexicons()


def load_phrasebook(default: str, lexicons: Mapping[str, Lexicon] | None = None) -> Phrasebook:
    """The phrase lists and acts; `default` is the language of calls that name none."""
    lexicons = lexicons if lexicons is not None else shipped_lexicons()
    if default not in lexicons:
        raise ConfigError(f'no phrase list for language `{default}`; there is '
                          f'{", ".join(sorted(lexicons))}')
    return Phrasebook(lexicons, load_acts(), default)


def _rules(tree: Located) -> tuple[Rule, ...]:
    """The shipped rules with what the standard changes of them, and its own ones."""
    from transforms.rules.judge import DECIDERS
    rows = {name: Located(dict(row.value), row.where) for name, row in shipped_rules().items()}
    given = tree.value.pop('rules', Located({}, tree.where))
    faults: list[str] = []
    for name, row in given.value.items():
        if name not in rows and not {'sentence', 'decide', 'stage'} <= set(row.value):
            faults.append(f'{row.where}: unknown rule `{name}`.{nearest(name, rows)} A rule of '
                          'your own names stage, sentence, source, tier and decide')
            continue
        base = rows.get(name, Located({}, row.where))
        rows[name] = Located({**base.value, **row.value}, row.where)
    only = unlocated(tree.value['only_rules_of']) if 'only_rules_of' in tree.value else None
    stages = set(unlocated(tree.value['stages'])) if 'stages' in tree.value else set()
    rules = [rule for name, row in rows.items()
             if (rule := _rule(name, row, only, stages, DECIDERS, faults))]
    if faults:
        raise ConfigError('\n'.join(faults))
    return tuple(rules)


def _rule(name: str, row: Located, only: str | None, stages: set[str],
          deciders: Mapping[str, Any], faults: list[str]) -> Rule | None:
    # YAML reads the key `on` as true.
    row = Located({'on' if key == 'True' else key: value for key, value in row.value.items()},
                  row.where)
    fields: dict[str, Any] = {
        'weight': 0.0, 'on': True, 'decide': None, 'why_not': None, 'elsewhere': None,
        **{key: unlocated(value) for key, value in row.value.items() if key in _FIELDS}}
    options = {key: value for key, value in row.value.items() if key not in _FIELDS}
    where = {key: value.where for key, value in row.value.items()}
    before = len(faults)
    if fields.get('stage') not in stages:
        faults.append(f'{where.get("stage", row.where)}: rule `{name}`: '
                      f'`{fields.get("stage")}` is none of the stages '
                      f'{", ".join(sorted(stages))}.{nearest(str(fields.get("stage")), stages)}')
    decide = fields['decide']
    if decide is None and not (fields['why_not'] or fields['elsewhere']):
        faults.append(f'{row.where}: rule `{name}` has no `decide` and no reason: add '
                      '`why_not`')
    elif decide is not None and decide not in deciders:
        faults.append(f'{where["decide"]}: rule `{name}`: no function `{decide}` decides rules.'
                      f'{nearest(str(decide), deciders)}')
    else:
        options = _options(name, row, options, deciders[decide] if decide else _undecided, faults)
    if len(faults) > before:
        return None
    if only is not None and not states(str(fields.get('source', '')), only):
        fields['on'] = False
    located = Located({key: Located(value, where.get(key, row.where)) for key, value in {
        'id': name, 'options': {}, **fields}.items()}, row.where)
    try:
        return replace(build(Rule, located), options=options)
    except ConfigError as error:
        faults += [f'{line} (rule `{name}`)' for line in str(error).splitlines()]
        return None


def states(source: str, document: str) -> bool:
    """Whether a rule's source names a document as one that states the rule."""
    return re.search(rf'\b{document}\b', source.partition('against')[0]) is not None


def _undecided() -> None:
    """A rule that is not decided takes no options."""


def _options(name: str, row: Located, given: Mapping[str, Located], decide: Any,
             faults: list[str]) -> dict[str, Any]:
    """The options of a rule, checked against the function that takes them."""
    from pydantic import TypeAdapter, ValidationError
    hints = typing.get_type_hints(decide, include_extras=True)
    wanted = {key: parameter for key, parameter in inspect.signature(decide).parameters.items()
              if parameter.kind is parameter.KEYWORD_ONLY}
    out: dict[str, Any] = {}
    for key, value in given.items():
        if key not in wanted:
            faults.append(f'{value.where}: rule `{name}`: unknown option `{key}`.'
                          f'{nearest(key, [*wanted, *_FIELDS])}')
            continue
        try:
            out[key] = TypeAdapter(hints[key]).validate_python(unlocated(value))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            faults.append(f'{within(value, first["loc"]).where}: rule `{name}`: `{key}` = '
                          f'{first["input"]!r}: '
                          f'{first["msg"][0].lower()}{first["msg"][1:]}')
            continue
        faults += [f'{one.where}: rule `{name}`: {fault}'
                   for one in (value.value if isinstance(value.value, list) else [value])
                   if (fault := _named(key, one.value))]
    for key in wanted:
        if key not in given:
            faults.append(f'{row.where}: rule `{name}`: option `{key}` is missing; add it')
    return out


def _named(key: str, value: Any) -> str:
    """What is wrong with an act or a window that an option names; '' where nothing is."""
    from transforms.rules.gates import window_of
    acts = load_acts()
    if key in _ACTS and value not in acts:
        return f'no act `{value}`.{nearest(str(value), acts)}'
    if key == 'window':
        try:
            window_of(value)
        except ValueError as error:
            return str(error)
    return ''


def _disorder(tree: Located) -> list[str]:
    """The thresholds that overlap: each with its line, the other's, and what must hold."""
    faults = []
    for lower, sign, upper in _ORDER:
        low, high = _at(tree, lower), _at(tree, upper)
        if low.value is None or high.value is None:
            continue
        if low.value > high.value or (sign == '<' and low.value == high.value):
            must = 'less than' if sign == '<' else 'at most'
            faults.append(f'{low.where}: `{lower}` = {low.value} must be {must} `{upper}` = '
                          f'{high.value} ({high.where}); change one')
    for name in ('hours', 'lunch'):
        span = _at(tree, f'callback.{name}')
        if span.value is not None:
            times = unlocated(span)
            if any(not re.fullmatch(r'([01]\d|2[0-3]):[0-5]\d', str(at)) for at in times) \
                    or times[0] >= times[1]:
                faults.append(f'{span.where}: `callback.{name}` = {times}: write two times of day '
                              'as "HH:MM", the earlier first')
    return faults


def _at(tree: Located, path: str) -> Located:
    for part in path.split('.'):
        tree = tree.value[part]
    return tree


def _with_rules(standard: Standard, rules: tuple[Rule, ...], tree: Located) -> Standard:
    known = {rule.id for rule in rules}
    where = tree.value['scores'].where
    faults = [f'{where}: `scores.charge_once`: unknown rule `{name}`.{nearest(name, known)}'
              for group in standard.scores.charge_once for name in group if name not in known]
    if faults:
        raise ConfigError('\n'.join(faults))
    return replace(standard, rules=rules)


def _content(lexicons: Mapping[str, Lexicon]) -> Any:
    return {language: [one.reviewed_by, one.companies, {k: list(v) for k, v in
                                                         one.categories.items()},
                       sorted(one.drafts), dict(one.strictness)]
            for language, one in sorted(lexicons.items())}


def _hash(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()[:8]
