"""What of a standard a rule can read: worked out from the source, so that no rule declares it.

From a rule's function on, whatever a plain name stands for in its module is followed, and every
attribute to all members of that name of all classes of `transforms.rules`. What is reached so is
more than the rule reads, never less: a value of the standard is read as an attribute, so a rule
among whose attributes are not both its section and its name does not read it. `Scene.window` finds
a window by a word: the window counts where the word is said, in the source or in the rule's
options. No attribute is looked up there by a name that is made, and no section is given away.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import transforms.rules
from transforms.rules.gates import window_of

_SCENE = 'scene.Scene.__init__'  # what making a scene reads, every rule hangs on
_WINDOWS = ('opening', 'closing')
_BY_WORD = ('scene.Scene.window', 'gates.window_of')
_PACKAGE = 'transforms.rules.'


def attributes_reached(roots: Iterable[str], options: object = None) -> frozenset[str]:
    """The attributes that some functions (`module.name`) may ask for, and those that they call.

    Args:
      options: of the rule that they decide.
    """
    source, seen = _source(), set()
    attributes: set[str] = set()
    waiting = [_SCENE, *roots]
    words = {word for text in _texts(options) for word in _windows_in(text)}
    waiting += [place for word in words for place in source.members[word]]
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            names, asked, sections = source.parts[place]
            attributes |= asked | sections
            waiting += names
            waiting += [member for name in asked for member in source.members.get(name, ())]
    return frozenset(attributes | words)


@dataclass
class _Source:
    """`parts`: place -> the places that plain names in it stand for, its attributes, and those that
    it asks of a `standard`; `members`: attribute -> the places of all members of that name."""

    parts: dict[str, tuple[set[str], set[str], set[str]]] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)


@cache
def _source() -> _Source:
    source = _Source()
    trees = {path.stem: ast.parse(path.read_text(encoding='utf-8'))
             for path in sorted(Path(transforms.rules.__file__).parent.glob('*.py'))}
    for module, tree in trees.items():
        defined = list(_defined(tree))
        known: dict[str, set[str]] = {name: {f'{module}.{name}'} for name, _ in defined}
        for name, place in _imported(tree):
            known.setdefault(name, set()).add(place)
        for name, node in defined:
            _add(source, f'{module}.{name}', node, known)
    for place in _BY_WORD:
        source.parts[place][1].difference_update(_WINDOWS)
    return source


def _add(source: _Source, place: str, node: ast.AST, known: Mapping[str, set[str]]) -> None:
    """One thing of a module, and where it is a class its members."""
    names, asked, sections = source.parts.setdefault(place, (set(), set(), set()))
    for part in _evaluated(node):
        if isinstance(part, ast.Name):
            # Where a local one is meant: more, never less.
            names |= {there for there in known.get(part.id, ()) if '.' in there}
        elif isinstance(part, ast.Attribute):
            (sections if _is_standard(part.value) else asked).add(part.attr)
            if isinstance(part.value, ast.Name):
                names |= {f'{module}.{part.attr}' for module in known.get(part.value.id, ())
                          if '.' not in module}
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            asked.update(_windows_in(part.value))
    if isinstance(node, ast.ClassDef):
        for name, inner in _defined(node):
            source.members.setdefault(name, []).append(f'{place}.{name}')
            _add(source, f'{place}.{name}', inner, known)


def _is_standard(node: ast.expr) -> bool:
    return (node.id if isinstance(node, ast.Name)
            else node.attr if isinstance(node, ast.Attribute) else '') == 'standard'


def _defined(node: ast.Module | ast.ClassDef) -> Iterator[tuple[str, ast.stmt]]:
    """Functions, classes and constants, or the members of a class."""
    for inner in node.body:
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)):
            yield inner.name, inner
        elif isinstance(inner, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            for target in inner.targets if isinstance(inner, ast.Assign) else [inner.target]:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        yield part.id, inner


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Names that are imported from the package, also inside a function, and the place of each: of
    a module its name alone."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f'{node.module}.'.startswith(_PACKAGE):
            for alias in node.names:
                yield alias.asname or alias.name, \
                    f'{node.module}.{alias.name}'.removeprefix(_PACKAGE)


def _evaluated(node: ast.AST) -> Iterator[ast.AST]:
    """A node and all in it but annotations, which are never evaluated."""
    yield node
    for name, value in ast.iter_fields(node):
        if name not in ('annotation', 'returns'):
            for inner in value if isinstance(value, list) else (value,):
                if isinstance(inner, ast.AST):
                    yield from _evaluated(inner)


def _windows_in(word: str) -> set[str]:
    try:
        kind, _ = window_of(word)
    except ValueError:
        return set()
    # One that is told in seconds begins where the opening does.
    return {'opening' if kind == 'first' else kind} & set(_WINDOWS)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, (list, tuple, set, frozenset)):
        for one in value:
            yield from _texts(one)
