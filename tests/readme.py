"""The README's sessions: run them, compare them, write their output anew.

`python -m tests.readme` replaces the output of every command in README.md by what it prints now.
"""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import HERE, SAMPLES, etiquette

README = HERE.parent / 'README.md'
HOME = '~/call-etiquette'
SESSION = re.compile(r'^```console\n(.*?)^```$', re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r'^\$ (.*)\n((?:(?!\$ ).*\n)*)', re.MULTILINE)
# What differs from run to run: how long it took, and how many snapshots came before.
VARYING = re.compile(r'in \d+ s, [\d.]+ x real time|catalog \d+')
RUN = 'make run'


def sessions() -> Iterator[tuple[str, str]]:
    """(command, output) of every command in the README that is ours to run."""
    for session in SESSION.findall(README.read_text(encoding='utf-8')):
        for command, output in COMMAND.findall(session):
            if command.startswith(('etiquette ', RUN)):
                yield command, output


def output_of(command: str, folder: Path) -> str:
    """What the command prints in a folder that holds the samples, without this machine's paths."""
    words = shlex.split(command.replace(RUN, 'etiquette run samples/manifest.csv'))
    return tidy(etiquette(*words[1:], cwd=folder).out)


def tidy(text: str) -> str:
    """The output without blank lines, trailing blanks and this machine's paths."""
    text = text.replace(str(SAMPLES.parent), HOME)
    return '\n'.join(line.rstrip() for line in text.splitlines() if line.strip()) + '\n'


def alike(one: str, other: str) -> bool:
    """Whether two outputs say the same: figures may differ in the last digits, times altogether."""
    first, second = (VARYING.sub('', text).split() for text in (one, other))
    return len(first) == len(second) and all(map(_alike, first, second))


def _alike(one: str, other: str) -> bool:
    try:
        a, b = float(one), float(other)
    except ValueError:
        # Rules of dashes and a timeline's columns are as wide as the terminal they were made for.
        return one == other or set(one + other) <= set('─█≈♪×╳·i')
    return abs(a - b) <= 0.05 + 0.02 * abs(a)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'samples').symlink_to(SAMPLES)
        text = README.read_text(encoding='utf-8')
        for command, output in sessions():
            shown = f'$ {command}\n'
            text = text.replace(f'{shown}{output}', shown + output_of(command, folder))
    README.write_text(text, encoding='utf-8')


if __name__ == '__main__':
    main()
