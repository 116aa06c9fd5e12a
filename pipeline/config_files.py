"""Where settings files are: a path, or the name of a shipped one, laid over the defaults."""

from __future__ import annotations

from pathlib import Path

import configs
from pipeline.text import nearest
from pipeline.yaml_records import ConfigError, Located, read_extended, unlocated


def config_tree(path: str | None) -> Located:
    """The values of a settings file (or of configs/NAME.yaml), over configs/default.yaml."""
    default = configs.FOLDER / 'default.yaml'
    if path is None:
        return read_extended(default, configs.FOLDER)
    chosen = Path(path)
    if not chosen.is_file() and (configs.FOLDER / f'{path}.yaml').is_file():
        chosen = configs.FOLDER / f'{path}.yaml'
    if not chosen.is_file():
        names = sorted(p.stem for p in configs.FOLDER.glob('*.yaml'))
        raise ConfigError(f'{path}: no such file, and none of the shipped ones '
                          f'({", ".join(names)}).{nearest(path, names)}')
    return read_extended(chosen, configs.FOLDER)


def warehouse_of(path: str | None) -> str:
    """The warehouse that a settings file names, without validating the rest of it."""
    return str(unlocated(config_tree(path).value['warehouse']))


def questions_of(path: str | None) -> Path | None:
    """The folder of a site's own questions that a settings file names, relative to that file."""
    named = config_tree(path).value['questions']
    return None if named.value is None else Path(beside(named.where, str(named.value)))


def beside(where: str, path: str) -> str:
    """A path as it is meant in the file that names it (`where` is `FILE:LINE`)."""
    folder = Path(where.rpartition(':')[0]).parent
    return str((folder / Path(path).expanduser()).absolute())
