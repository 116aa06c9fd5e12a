"""Flags that are Beam's go to Beam; a flag that nobody knows is an error."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from pipeline.text import nearest

LOCAL = 'FnApiRunner'
_OURS_INSTEAD = {'--direct_num_workers': '--workers N', '--direct_running_mode': '--workers N'}


class FlagError(ValueError):
    """A flag is not known, or not to be used here; the message names the right one."""


def beam_flags(rest: list[str], ours: Iterable[str]) -> list[str]:
    """The flags that our own parser left over, checked; our default runner where none is named.

    FnApiRunner is pinned because `DirectRunner` first looks for a Go binary on the network, and
    falls back without a word. Raises FlagError.
    """
    for flag in rest:
        name = flag.split('=')[0]
        if name in _OURS_INSTEAD:
            raise FlagError(f'{name} is not used here: calls are spread by {_OURS_INSTEAD[name]}')
    if rest:
        parser = _beam_parser()
        _, unknown = parser.parse_known_args(rest)
        if unknown:
            known = [*ours, *(o for action in parser._actions for o in action.option_strings)]
            flag = unknown[0].split('=')[0]
            raise FlagError(f'unknown flag or argument {flag}.{nearest(flag, known)}')
    if any(flag.split('=')[0] in ('--runner', '-r') for flag in rest):
        return rest
    return [f'--runner={LOCAL}', *rest]


def is_local(flags: list[str]) -> bool:
    """Whether workers are processes of this machine that we start ourselves."""
    return f'--runner={LOCAL}' in flags


def _beam_parser() -> argparse.ArgumentParser:
    from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser
    parser = _BeamArgumentParser(add_help=False, allow_abbrev=False, conflict_handler='resolve')
    for options in PipelineOptions.__subclasses__():
        options._add_argparse_args(parser)
    return parser
