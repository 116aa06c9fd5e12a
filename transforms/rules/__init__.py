"""The rules of etiquette: what each says of a call.

A rule is a row of `configs/standards/rules/*.yaml`: its sentence, source, weight, and the function
that decides it with its options. Functions are in the module of their stage; `shapes` has those
that most rules share.
"""

from transforms.rules.registry import DECIDERS
from transforms.rules.scene import Scene
from transforms.rules.verdict import Verdict

__all__ = ['DECIDERS', 'Scene', 'Verdict']
