"""The calls of a rescore whose stored findings serve: which they are, and their rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from transforms.phrasebook import Phrasebook
from transforms.rescore import agreed, measured_by
from transforms.reuse import Plan, Signatures, is_served, plan_of, taken_over
from transforms.rules.scene import Scene
from transforms.standard import Standard
from warehouse.stored import Placed, Read, is_one_of, values_of


@dataclass(frozen=True, eq=False)
class Orders:
    """What workers are told once: by what to judge, and where to write.

    Attributes:
      signatures: of the versions of `standards`.
      known: of the versions of stored rows.
    """

    folder: Path
    standards: tuple[Standard, ...]
    phrasebook: Phrasebook
    shown: str
    full: bool
    signatures: Mapping[str, Signatures]
    known: Mapping[str, Signatures]


@dataclass(frozen=True)
class TakenOver:
    """The calls, by place, whose findings were taken over, and their rows by table."""

    calls: Collection[int]
    rows: Mapping[str, list[pa.Table]] = field(
        default_factory=lambda: {'findings': [], 'kpis': []})


def take_over(read: Read, orders: Orders) -> TakenOver:
    """What can be taken over: a call's findings of all standards that are judged, or none.

    As its measures are: all its rows of `kpis` agree in them with the standards.
    """
    if not orders.known:
        return TakenOver(())
    plans = _plans(read, orders)
    served = np.array([own is not None for own in plans])
    for n, standard in enumerate(orders.standards):
        for plan, meant in _groups(plans, served, n):
            served &= ~meant | is_served(plan, _rows(read, 'findings', standard, meant), len(plans))
    done = TakenOver(set(np.flatnonzero(served).tolist()))
    for n, standard in enumerate(orders.standards):
        for plan, meant in _groups(plans, served, n):
            findings, kpis = taken_over(
                plan, _rows(read, 'findings', standard, meant),
                _rows(read, 'kpis', standard, meant), read.call_ids,
                partial(_scene, read, orders.phrasebook, standard))
            done.rows['findings'].extend(findings)
            done.rows['kpis'].append(kpis)
    return done


def _plans(read: Read, orders: Orders) -> list[tuple[Plan, ...] | None]:
    """Of each call how its rows serve each of the standards; None: not all of them do."""
    versions: list[dict[str, str]] = [{} for _ in read.calls]
    kpis = read.rows('kpis')
    for place, name, version in zip(kpis.at.tolist(), values_of(kpis.table['standard']),
                                    values_of(kpis.table['rule_version']), strict=True):
        versions[place][name] = version
    return [_plan(orders, tuple(of_call.items())) for of_call in versions]


@lru_cache(maxsize=256)
def _plan(orders: Orders, stored: tuple[tuple[str, str], ...]) -> tuple[Plan, ...] | None:
    """How the rows of these standards and versions, all that a call has, serve."""
    versions = dict(stored)
    half = agreed(versions.values())
    found = []
    for standard in orders.standards:
        known = orders.known.get(versions.get(standard.name, ''))
        if known is None or half != measured_by(standard.version):
            return None
        plan = plan_of(standard, orders.signatures[standard.version], known)
        if plan is None:
            return None
        found.append(plan)
    return tuple(found)


def _groups(plans: Sequence[tuple[Plan, ...] | None], served: NDArray[np.bool_],
            n: int) -> list[tuple[Plan, NDArray[np.bool_]]]:
    """The plans for one of the standards, each with which calls it is for."""
    by_id = {id(own): own for own, serves in zip(plans, served, strict=True) if own and serves}
    return [(own[n], served & np.array([other is own for other in plans]))
            for own in by_id.values()]


def _rows(read: Read, name: str, standard: Standard, meant: NDArray[np.bool_]) -> Placed:
    stored = read.rows(name)
    return stored.where(meant[stored.at] & is_one_of(stored.table['standard'], (standard.name,)))


def _scene(read: Read, phrasebook: Phrasebook, standard: Standard, place: int) -> Scene:
    stored = read.results[place]
    # All its rows of `kpis` agree in what a scene reads of them.
    return Scene(stored.call, stored.turns, stored.words, stored.events, stored.kpis[0], standard,
                 phrasebook)
