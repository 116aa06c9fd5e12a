"""The settings of `etiquette maintain`, and durations as its user writes them."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Gt

_SECONDS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400, 'w': 7 * 86400}
_DURATION = re.compile(r'(\d+(?:\.\d+)?)\s*([smhdw])')


@dataclass(frozen=True)
class MaintainOptions:
    """How the files of the tables are kept.

    Attributes:
      retention_days: days that a catalog, and the files it alone names, stay after another one has
        replaced it.
      target_file_mb: size that files are joined up to, in MB (10**6 bytes).
    """

    retention_days: Annotated[float, Ge(0)]
    target_file_mb: Annotated[float, Gt(0)]

    @property
    def retention_s(self) -> float:
        return self.retention_days * _SECONDS['d']

    @property
    def target_bytes(self) -> int:
        return int(self.target_file_mb * 1e6)


def duration_s(text: str) -> float:
    """Seconds of a duration such as 30s, 12h, 7d or 2w, as an argument."""
    match = _DURATION.fullmatch(text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no duration: write a number and one of s, m, h, d, w, such as 12h or 7d')
    return float(match[1]) * _SECONDS[match[2]]
