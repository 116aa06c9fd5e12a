"""YAML files into frozen dataclasses: every fault with its file, line, and the way out.

A file may say `extends: NAME`; what it then names replaces that file's value, mapping by mapping.
Keys that the dataclass does not have are refused with the nearest one that it has; values are
checked against the field's type (with `annotated_types` ranges) by pydantic.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

from pipeline.text import nearest

Record = TypeVar('Record')

# libyaml where PyYAML was built with it: ten times as fast on phrase lists.
_LOADER = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


class ConfigError(ValueError):
    """A settings file is wrong; the message names every fault with file, line and way out."""


@dataclass(frozen=True)
class Located:
    """A YAML value and where it stands: `value` is a dict or list of Located, or plain."""

    value: Any
    where: str


def read_yaml(path: Path) -> Located:
    """The file as located values. Raises ConfigError where it is missing or no YAML mapping."""
    try:
        text = path.read_text(encoding='utf-8')
    except FileNotFoundError:
        raise ConfigError(f'{path}: no such file; give the path of a YAML file') from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f'{path}: cannot be read as UTF-8 text ({error})') from None
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise ConfigError(f'{path}: is not YAML: {error}') from None
    if node is None:
        return Located({}, f'{path}:1')
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f'{path}:1: must be a mapping of names to values')
    return _located(node, path)


def read_extended(path: Path, folder: Path) -> Located:
    """The file laid over the one it extends, and so on; names are files of `folder`.

    A file that does not say what it extends extends `default`, so it need only name what differs.
    """
    default = (folder / 'default.yaml').resolve()
    chain, seen = [], set()
    at: Path | None = path
    while at is not None:
        if at.resolve() in seen:
            raise ConfigError(f'{at}: extends itself; remove one `extends`')
        seen.add(at.resolve())
        tree = read_yaml(at)
        base = tree.value.pop('extends', None)
        chain.append(tree)
        if base is not None:
            at = _named(str(base.value), path.parent, folder, base.where)
        else:
            at = None if at.resolve() == default else default
    out = chain.pop()
    while chain:
        out = _over(out, chain.pop())
    return out


def build(kind: type[Record], tree: Located) -> Record:
    """The dataclass from a mapping. Raises ConfigError that lists every fault found."""
    faults: list[str] = []
    record = _record(kind, tree, '', faults)
    if faults:
        raise ConfigError('\n'.join(faults))
    return typing.cast(Record, record)


def _named(name: str, beside: Path, folder: Path, where: str) -> Path:
    for path in (beside / name, folder / f'{name}.yaml'):
        if path.is_file():
            return path
    names = sorted(p.stem for p in folder.glob('*.yaml'))
    raise ConfigError(f'{where}: extends `{name}`, which is neither a file nor one of '
                      f'{", ".join(names)}.{nearest(name, names)}')


def _located(node: yaml.Node, path: Path) -> Located:
    where = f'{path}:{node.start_mark.line + 1}'
    if isinstance(node, yaml.SequenceNode):
        return Located([_located(item, path) for item in node.value], where)
    if not isinstance(node, yaml.MappingNode):
        return Located(_plain(node), where)
    out: dict[str, Located] = {}
    for key, value in node.value:
        name = str(_plain(key))
        line = key.start_mark.line + 1
        if name in out:
            raise ConfigError(f'{path}:{line}: `{name}` stands twice; keep one')
        out[name] = dataclasses.replace(_located(value, path), where=f'{path}:{line}')
    return Located(out, where)


def _plain(node: yaml.Node) -> Any:
    return yaml.constructor.SafeConstructor().construct_object(node, deep=True)


def _over(base: Located, top: Located) -> Located:
    if not (isinstance(base.value, dict) and isinstance(top.value, dict)):
        return top
    merged = dict(base.value)
    for key, value in top.value.items():
        merged[key] = _over(merged[key], value) if key in merged else value
    return Located(merged, top.where)


def unlocated(tree: Any) -> Any:
    """The values alone, as plain dicts and lists; what has no place is its own value."""
    value = tree.value if isinstance(tree, Located) else tree
    if isinstance(value, dict):
        return {key: unlocated(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unlocated(item) for item in value]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


@cache
def _adapter(hint: Any) -> Any:
    from pydantic import TypeAdapter  # 0.1 s, and only a run needs it
    return TypeAdapter(hint)


def _record(kind: Any, tree: Located, path: str, faults: list[str]) -> Any:
    if not isinstance(tree.value, dict):
        faults.append(f'{tree.where}: `{path}` must be a mapping of names to values')
        return None
    hints = _hints(kind)
    for key, value in tree.value.items():
        if key not in hints:
            faults.append(f'{value.where}: unknown key `{path}{key}`.{nearest(key, hints)}')
    values = {}
    for name, hint in hints.items():
        if name not in tree.value:
            faults.append(f'{tree.where}: `{path}{name}` is missing; add it')
        elif dataclasses.is_dataclass(hint):
            values[name] = _record(hint, tree.value[name], f'{path}{name}.', faults)
        else:
            values[name] = _leaf(hint, tree.value[name], f'{path}{name}', faults)
    return None if faults else kind(**values)


def _leaf(hint: Any, tree: Located, path: str, faults: list[str]) -> Any:
    from pydantic import ValidationError
    try:
        return _adapter(hint).validate_python(unlocated(tree))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inner = '.'.join(str(part) for part in first['loc'])
        faults.append(f'{within(tree, first["loc"]).where}: `{path}{"." + inner if inner else ""}`'
                      f' = {first["input"]!r}: {first["msg"][0].lower()}{first["msg"][1:]}')
        return None


def within(tree: Located, steps: tuple[int | str, ...]) -> Located:
    """The value that the steps lead to, as far as the file goes with them."""
    for step in steps:
        inner = dict(enumerate(tree.value)) if isinstance(tree.value, list) else tree.value
        if not isinstance(inner, dict) or step not in inner:
            break
        tree = inner[step]
    return tree
