"""What a rule's verdict hangs on beside the stored rows of a call, as a hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import transforms
from pipeline.rule_reads import attributes_reached
from transforms.phrasebook import Phrasebook
from transforms.reuse import ALL, HOLD, OPENING, SIGNOFF
from transforms.rules.judge import Bound, bound_rules
from transforms.rules.registry import DECIDERS
from transforms.standard import Standard
from warehouse import records

# Of these each value is signed where it can be read. What calls are measured by is signed whole.
JUDGING = ('checked', 'match', 'pickup', 'opening', 'hold_protocol', 'transfer', 'callback',
            'closing', 'abuse', 'name_use', 'scores')
# Read by no rule: they tell what is charged, and the names of things.
_NOT_OF_VERDICTS = ('name', 'version', 'only_rules_of', 'rules', 'stages')
_MEASURES = {OPENING: ('scores.opening_score',), HOLD: ('scores.hold_score',),
             SIGNOFF: ('scores.signoff_score', 'signoff.find_signoff')}


def signatures(standard: Standard, phrasebook: Phrasebook) -> dict[str, str]:
    """Of each rule that is computed, of the measures that are no rule's, and under `ALL` of what
    all of them hang on: what calls are measured by, the phrase lists and acts, and the program.

    A rule hangs on its function, options, stage and tier as well, and on the values of the
    standard that its function can read.
    """
    parts = {f.name: getattr(standard, f.name) for f in fields(standard)
             if f.name not in (*_NOT_OF_VERDICTS, *JUDGING)}
    every = _hash([parts, phrasebook, _program()])
    return {ALL: every} | {
        measure: _hash([every, _values(standard, attributes_reached(roots))])
        for measure, roots in _MEASURES.items()} | {
        bound.rule.id: _hash([every, bound.rule.decide, bound.rule.options, bound.rule.stage,
                              bound.rule.tier, _values(standard, read_by(bound))])
        for bound in bound_rules(standard)}


def read_by(bound: Bound) -> frozenset[str]:
    """The attributes that a rule may ask a standard for, sections and their values alike."""
    decide = DECIDERS[bound.rule.decide or '']
    return attributes_reached(
        (f'{decide.__module__.rpartition(".")[2]}.{decide.__name__}',), bound.rule.options)


def _values(standard: Standard, read: frozenset[str]) -> dict[str, dict[str, Any]]:
    return {name: {key: value for key, value in vars(getattr(standard, name)).items()
                   if key in read} for name in JUDGING if name in read}


@cache
def _program() -> str:
    folder = Path(transforms.__file__).parent
    paths = [*sorted(folder.rglob('*.py')), Path(records.__file__)]
    return _hash([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])


def _hash(values: object) -> str:
    return hashlib.sha256(json.dumps(values, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (set, frozenset)) else vars(value)
