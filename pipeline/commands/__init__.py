"""The commands, a module for each kind of work, and what they share.

A command is a function of the parsed arguments that returns an exit code; `add` of its module says
what it takes, with examples. Heavy imports happen inside the functions, so that `--help`, `sql` and
`call` answer at once.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path

OK, SOME_REJECTED, WRONG_USE, RUN_FAILED = 0, 1, 2, 3
NOT_WELL = 1  # of `doctor`

EXIT_CODES = """exit codes: 0 all well, 1 some calls rejected, 2 wrong use or configuration,
            3 the run, or the fetching of models, failed"""


def command(commands, name, do, text, epilog, in_warehouse=True):  # type: ignore[no-untyped-def]
    """Adds a command with its help and examples to the parser; returns its own parser."""
    added = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + '.', allow_abbrev=False,
        epilog=f'{epilog}\n\n{EXIT_CODES}', formatter_class=argparse.RawDescriptionHelpFormatter)
    if in_warehouse:
        added.add_argument('--warehouse', metavar='DIR', help='default: ./warehouse-data')
    added.set_defaults(do=do, parser=added)
    return added


def warehouse(args: argparse.Namespace, named: str | None = None) -> Path:
    """The folder of the warehouse: the flag's, else the given one, else the configured one."""
    from pipeline.config_files import warehouse_of

    chosen = args.warehouse or named or warehouse_of(getattr(args, 'config', None))
    return Path(chosen).absolute()


def flags_of(args: argparse.Namespace) -> list[str]:
    """The flags that the command takes."""
    return [flag for action in args.parser._actions for flag in action.option_strings]


def count(text: str) -> int:
    """A number of at least 1, as an argument."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('must be at least 1')
    return number


def day(text: str) -> date:
    """An ISO date, as an argument."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{text!r} is no date: write 2026-11-30') from None


def fail(message: str) -> int:
    """Prints what was wrong with the use of a command; returns the exit code of that."""
    from pipeline.text import clean

    for line in message.splitlines():
        print(f'etiquette: {clean(line)}', file=sys.stderr)
    return WRONG_USE
