"""The finding of one rule on a call made by hand."""

from __future__ import annotations

import json

from tests.calls_for_tests import Said, judged
from tests.standard_for_tests import reviewed_phrasebook
from warehouse.records import Finding


def finding(rule: str, said: list[Said], duration: float, events=(), *, metadata=None,
            **given) -> Finding:
    """What a rule says of a call, by phrase lists as if they had been read.

    Args:
      metadata: of the manifest's row.
      given: as for `judged`; `book` takes the lists as they are shipped.
    """
    given.setdefault('book', reviewed_phrasebook())
    if metadata:
        given['manifest'] = json.dumps(metadata)
    found = judged(said, duration, events, **given).findings
    return next(one for one in found if one.rule_id == rule)
