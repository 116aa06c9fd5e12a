"""The types of the options that rules take; their ranges are checked when a standard is read."""

from __future__ import annotations

from typing import Annotated

from annotated_types import Ge, Gt

from transforms.protocol import Seconds, Share

__all__ = ['ActName', 'Count', 'Rate', 'Ratio', 'Seconds', 'Share', 'Words']

ActName = str  # checked against configs/lexicon/acts.yaml
Count = Annotated[int, Ge(1)]
Rate = Annotated[float, Ge(0)]
Ratio = Annotated[float, Gt(0)]
Words = tuple[str, ...]
