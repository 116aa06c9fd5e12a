"""The README's sessions: run them, compare them, write their output anew.

`python -m tests.readme` replaces the output of every command in README.md by what it prints now,
and the figures by those of bench/results.json.
"""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import HERE, SAMPLES, etiquette

README = HERE.parent / 'README.md'
RESULTS = HERE.parent / 'bench' / 'results.json'
BENCH = re.compile(r'(?<=<!-- bench -->\n).*(?=<!-- /bench -->)', re.DOTALL)
HOME = '~/call-etiquette'
SESSION = re.compile(r'^```console\n(.*?)^```$', re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r'^\$ (.*)\n((?:(?!\$ ).*\n)*)', re.MULTILINE)
# What differs from run to run: how long it took, and how many snapshots came before.
VARYING = re.compile(r'in \d+ s, [\d.]+ x real time|in [\d.]+ s: |\d+ s, \d+ calls a second|'
                     r'catalog \d+')
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


def bench_table() -> str:
    """What bench/results.json says, as the README shows it."""
    results = json.loads(RESULTS.read_text())
    rows = [*_accuracy(results['accuracy']), *_phrases(results['phrases']['by_language']),
            *_speed(results), *_rescore(results.get('rescore'))]
    return '| what | measured |\n| --- | --- |\n' + ''.join(
        f'| {what} | {figure} |\n' for what, figure in rows)


def _accuracy(found: dict[str, Any]) -> list[tuple[str, str]]:
    tones, kinds = found['ringing']['tones'], found['holds']['by_kind'].values()
    cases = [by for tone in tones.values() for by in tone.values()]
    overlaps, mono = found['overlaps'], found['mono']
    rows = [
        (f'rings of {len(tones)} countries at 30, 15 and 10 dB, mu-law: count exact',
         f'{sum(by["exact"] for by in cases)} of {sum(by["calls"] for by in cases)} calls'),
        ('holds of all kinds: count exact, total within 1 s',
         f'{sum(by["count_exact"] for by in kinds)} and {sum(by["within_1_s"] for by in kinds)} '
         f'of {sum(by["calls"] for by in kinds)} calls')]
    rows += [(f'{kind}s at 15 dB, mu-law, {words}: precision, recall',
              f'{overlaps[who][kind]["precision"]:.3f}, {overlaps[who][kind]["recall"]:.3f}')
             for kind in ('interruption', 'backchannel')
             for who, words in (('without_words', 'no words'), ('with_words', 'with words'),
                                ('peer', 'call-ai-metrics'))]
    return [*rows,
            ("diarization error rate: pyannote.audio's sample; simulated mono at 15 dB",
             f'{100 * mono["sample_der"]:.1f} %; {100 * mono["der"]["15"]:.1f} %'),
            ('mono: agent and caller right',
             f'{mono["roles"]["right"]} of {mono["roles"]["calls"]} calls')]


def _phrases(found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(f'phrases in {100 * by["error_rate"]:.0f} % recognition errors, {language}: recall, '
             'precision', f'{by["recall"]:.3f}, {by["precision"]:.3f}')
            for language, by in sorted(found.items())]


def _rescore(found: dict[str, Any] | None) -> list[tuple[str, str]]:
    if found is None:
        return []
    most = max(found['sizes'], key=int)
    by = found['sizes'][most]
    what = 'stored calls judged again by two workers: a weight and a rule; every rule; all anew'
    return [(f'{int(most):,} {what}',
             f'{by["reused"]["calls_per_s"]}, {by["rules"]["calls_per_s"]} and '
             f'{by["phrases"]["calls_per_s"]} calls a second')]


def _speed(results: dict[str, Any]) -> list[tuple[str, str]]:
    speed, acoustic, memory = results['speed'], results['acoustic'], results['memory']
    return [
        ('the pipeline with one worker, over a plain loop of the same engines',
         f'{speed["one_worker_over_plain_loop"]:.2f} times the loop\'s time'),
        ('one worker over two', f'{speed["one_worker_over_two"]:.2f} times as long'),
        *([('one plain loop over two side by side: what the machine gives',
            f'{speed["plain_loop_over_two"]:.2f} times as long')]
          if 'plain_loop_over_two' in speed else []),
        ('the samples, all engines, one worker and two', _times(speed)),
        ('two-channel calls of 5 min without a transcriber, one worker and two', _times(acoustic)),
        *((f'{what} of 3 min without a transcriber, one worker and two', _times(results[key]))
          for what, key in (('one-channel calls', 'mono'),) if key in results),
        ('start-up: loop, one worker, two',
         ', '.join(f'{speed[who]["start_up_s"]:.1f}'
                   for who in ('plain_loop', 'one_worker', 'two_workers')) + ' s'),
        *((f'a two-channel call of {minutes} min without a transcriber',
           f'{memory[f"{minutes}_minute_call"]["peak_rss_mb"]} MB at most, '
           f'{memory[f"{minutes}_minute_call"]["times_real_time"]:.0f} times real time')
          for minutes in (1, 10, 60, 240))]


def _times(speed: dict[str, Any]) -> str:
    return (f'{speed["one_worker"]["times_real_time"]:.1f} and '
            f'{speed["two_workers"]["times_real_time"]:.1f} times real time')


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'samples').symlink_to(SAMPLES)
        text = README.read_text(encoding='utf-8')
        for command, output in sessions():
            shown = f'$ {command}\n'
            text = text.replace(f'{shown}{output}', shown + output_of(command, folder))
    README.write_text(BENCH.sub(lambda _: bench_table(), text), encoding='utf-8')


if __name__ == '__main__':
    main()
