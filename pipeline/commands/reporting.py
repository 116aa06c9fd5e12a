"""The command that hands the figures to people: `report`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands import OK, command, day, fail, warehouse

if TYPE_CHECKING:
    from warehouse.report import Standard

NAME = 'etiquette-report.html'


def add(commands) -> None:  # type: ignore[no-untyped-def]
    """Adds this command to the parser."""
    report = command(commands, 'report', _report, 'write one HTML page of the calls, with charts',
                     """examples:
  etiquette report
  etiquette report --from 2026-11-01 --to 2026-11-30 --queue billing --out november.html
  etiquette report --agent a7 --calls 10
  etiquette report --calls 0                 figures alone: no call's words are in the page

The page needs no network and no other file: open it in a browser, send it, print it. With --from
the figures are compared with as many days before.""")
    report.add_argument('--out', metavar='FILE', default=NAME, help=f'default: ./{NAME}')
    report.add_argument('--from', dest='since', type=day, metavar='DATE',
                        help='first call date (default: of all calls)')
    report.add_argument('--to', dest='until', type=day, metavar='DATE', help='last call date')
    report.add_argument('--calls', type=_whole, default=50, metavar='N',
                        help='calls with a page of their own (default: 50)')
    report.add_argument('--queue', metavar='Q', help='calls of this queue alone')
    report.add_argument('--agent', metavar='A', help='calls of this agent alone')
    report.add_argument('--as-of', type=int, metavar='N', help='an older catalog, by number')


def _report(args: argparse.Namespace, rest: list[str]) -> int:
    from pipeline.show import here
    from pipeline.text import clean
    from warehouse.report import STEPS, Asked, write_report

    if args.since and args.until and args.since > args.until:
        return fail(f'--from {args.since} is after --to {args.until}: give the earlier date first')
    out = Path(args.out).absolute()
    if out.is_dir():
        return fail(f'{out} is a folder: name a file in it, such as {out / NAME}')
    began = time.monotonic()
    try:
        with _steps(len(STEPS)) as say:
            done = write_report(
                warehouse(args), out, Asked(args.since, args.until, args.queue, args.agent,
                                            args.calls, args.as_of), standard_of, clean, say)
    except OSError as error:
        return fail(f'{out} cannot be written: {error.strerror}. Name another file with --out.')
    print(f'{done.calls} calls, {done.pages} with a page of their own, {done.size / 1e6:.1f} MB in '
          f'{time.monotonic() - began:.1f} s: {clean(here(out))}')
    return OK


def standard_of(name: str) -> Standard:
    """The words of a standard, as the report takes them."""
    from pipeline.rule_rows import rule_stages, rule_texts
    from warehouse.report import RuleText, Standard

    stages, by_rule = rule_stages(name)
    return Standard({rule: RuleText(by_rule.get(rule, 'other'), sentence, source)
                     for rule, (sentence, source) in rule_texts(name).items()}, stages)


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError('must be 0 or more')
    return number


@contextmanager
def _steps(total: int) -> Iterator[Callable[[str], None]]:
    """A bar on a terminal, told each step as it begins; nothing elsewhere: it takes seconds."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
    with Progress(SpinnerColumn(), BarColumn(), TextColumn('{task.description}'),
                  console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task('', total=total + 1)
        yield lambda step: bar.update(task, advance=1, description=step)
