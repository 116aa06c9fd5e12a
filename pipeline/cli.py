"""The command line: its parser, its errors and their exit codes. The commands are in `commands`."""

from __future__ import annotations

import argparse
import shlex
import sys

from pipeline.commands import (
    EXIT_CODES,
    RUN_FAILED,
    asking,
    batch,
    exporting,
    fail,
    flags_of,
    importing,
    reporting,
    setting_up,
    upkeep,
)
from pipeline.text import clean, nearest


def run_command(argv: list[str]) -> int:
    """Runs one command line; returns its exit code and prints errors to standard error."""
    from pipeline.beam_flags import FlagError
    from pipeline.yaml_records import ConfigError

    args, rest = _parser().parse_known_args(argv)
    args.command_line = shlex.join(['etiquette', *argv])
    try:
        if rest and args.command not in ('run', 'retry'):
            raise FlagError(_unknown(rest[0], args))
        return int(args.do(args, rest))
    except (ConfigError, FlagError) as error:
        return fail(str(error))
    except Exception as error:
        # Errors of other modules that name their way out are told apart by these classes, which
        # are imported only now: they bring pyarrow and DuckDB with them.
        return _explain(error)
    except KeyboardInterrupt:
        print('stopped; what has landed is kept: the same command goes on from there',
              file=sys.stderr)
        return RUN_FAILED


def _explain(error: Exception) -> int:
    from pipeline.failed import RunFailedError
    from pipeline.fetch import FetchError
    from pipeline.rows import ManifestError
    from transforms.transcribe import EngineError
    from warehouse.errors import WarehouseError

    if isinstance(error, ManifestError):
        return fail(f'{error}. {error.way_out}')
    if isinstance(error, EngineError | WarehouseError):
        return fail(str(error))
    if isinstance(error, RunFailedError):
        print(f'the run failed: {clean(error)}', file=sys.stderr)
        return RUN_FAILED
    if isinstance(error, FetchError):
        fail(str(error))
        return RUN_FAILED
    raise error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='etiquette', allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
        description='Judges call recordings against written telephone-etiquette standards.',
        epilog=f"""examples:
  etiquette run samples/manifest.csv
  etiquette sql "SELECT agent_id, sum(agent_interruptions) FROM kpis GROUP BY ALL"
  etiquette call CALL_ID
  etiquette report --from 2026-11-01

{EXIT_CODES}""")
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for module in (batch, importing, asking, reporting, exporting, upkeep, setting_up):
        module.add(commands)
    return parser


def _unknown(flag: str, args: argparse.Namespace) -> str:
    return f'unknown flag or argument {flag}.{nearest(flag, flags_of(args))}'
