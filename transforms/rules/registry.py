"""The functions that decide rules, by the name that a standard gives in `decide`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transforms.rules.verdict import Verdict

Decider = Callable[..., Verdict]

DECIDERS: dict[str, Decider] = {}


def decider(function: Decider) -> Any:
    """Makes a function known to standards. Its keyword arguments are the rule's options: their
    types and ranges are checked when the standard is read."""
    name = function.__name__
    assert name not in DECIDERS, name
    DECIDERS[name] = function
    return function
