"""What a rule's verdict hangs on beside the stored rows of a call, as a hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import transforms
from transforms.phrasebook import Phrasebook
from transforms.reuse import ALL
from transforms.rules.judge import bound_rules
from transforms.standard import Standard
from warehouse import records

# Read by no rule: they tell what is charged, and the names of things.
_NOT_OF_VERDICTS = ('name', 'version', 'only_rules_of', 'rules', 'stages', 'scores')
_OF_CHARGES = ('min_coverage', 'min_rules', 'tier_b', 'charge_once')


def signatures(standard: Standard, phrasebook: Phrasebook) -> dict[str, str]:
    """Of each rule that is computed, and of all measures under `ALL`.

    A rule hangs on its function, options, stage and tier; all of them on the rest of the standard,
    the phrase lists and acts, and the program that judges.
    """
    parts = {f.name: getattr(standard, f.name) for f in fields(standard)
             if f.name not in _NOT_OF_VERDICTS}
    scores = {name: value for name, value in vars(standard.scores).items()
              if name not in _OF_CHARGES}
    every = _hash([parts, scores, phrasebook, _program()])
    return {ALL: every} | {
        bound.rule.id: _hash([every, bound.rule.decide, bound.rule.options, bound.rule.stage,
                              bound.rule.tier]) for bound in bound_rules(standard)}


@cache
def _program() -> str:
    folder = Path(transforms.__file__).parent
    paths = [*sorted(folder.rglob('*.py')), Path(records.__file__)]
    return _hash([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])


def _hash(values: object) -> str:
    return hashlib.sha256(json.dumps(values, default=_plain).encode()).hexdigest()


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, (set, frozenset)) else vars(value)
