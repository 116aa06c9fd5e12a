"""The rejected calls of a warehouse as a batch of their own, to be tried again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pipeline.manifest import Admitted, admit
from pipeline.places import Place
from pipeline.rows import json_row
from pipeline.sources import Batch, SourceOptions, limits_of
from transforms.conversation import Reference
from warehouse.query import run_sql

RETRIED = "SELECT row, source_uri, manifest FROM rejects WHERE step <> 'manifest' ORDER BY ALL"
WRONG_ROWS = "SELECT count(*) FROM rejects WHERE step = 'manifest'"


def rejected_batch(root: Path, options: SourceOptions) -> Batch:
    """Every call that a step rejected, from its stored row; files that are gone stay rejected.

    Rows that a manifest got wrong are not among them: a warning says how many there are.
    """
    # What was admitted once names absolute paths, and was checked against its manifest's folder.
    anywhere, limits = Place(Path('/'), allow_outside=True), limits_of(options)
    references: list[Reference] = []
    gone = 0
    for row, source_uri, manifest in run_sql(root, RETRIED).rows():
        outcome = admit(json_row(row, source_uri, manifest), anywhere, limits)
        if isinstance(outcome, Admitted):
            references.append(replace(outcome.reference, manifest=manifest))
        else:
            gone += 1
    ((wrong,),) = run_sql(root, WRONG_ROWS).rows()
    warnings = [text for number, text in (
        (wrong, f'{wrong} rows were rejected as their manifest wrote them: correct it there and '
                'run it again'),
        (gone, f'{gone} recordings are no longer where they were: bring them back, or run a '
               'manifest that says where they are'),
    ) if number]
    return Batch(tuple(references), (), tuple(warnings), len(references))
