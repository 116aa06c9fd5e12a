"""The bench as a short page with plots: bench/README.md and bench/plots/*.svg.

    python -m tests.bench.page

writes them anew from bench/results.json, without measuring anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / 'bench'
RESULTS, PAGE, PLOTS = FOLDER / 'results.json', FOLDER / 'README.md', FOLDER / 'plots'
INK, BLUE, ORANGE, GREEN, RED, GREY = (
    '#24292f', '#2b6cb0', '#c05621', '#2f855a', '#b83280', '#718096')
COLOURS = (BLUE, ORANGE, GREEN, RED, GREY)


def main() -> None:
    results = json.loads(RESULTS.read_text())
    PLOTS.mkdir(parents=True, exist_ok=True)
    draw(results, PLOTS)
    PAGE.write_text(page_of(results), encoding='utf-8')


def page_of(results: Mapping[str, Any]) -> str:
    """The page as Markdown."""
    accuracy = results['accuracy']
    seeds = accuracy['seeds']
    parts = [
        '# What the bench measured',
        '`make bench` writes this page and [results.json](results.json). Simulated calls are those '
        f'of seeds {seeds[0]} to {seeds[1]} ([tests/simulator](../tests/simulator)); thresholds '
        'were fitted on seeds 0 to 99. Truth is what the script meant; codecs, noise and bleed are '
        f'applied to the samples. Machine: {results["machine"]["cores"]} cores, '
        f'Python {results["machine"]["python"]}, no GPU.',
        '## Ringing', _ringing(accuracy['ringing']),
        '## Holds', _holds(accuracy['holds']),
        '## Overlaps', _overlaps(accuracy['overlaps']),
        '## Two channels, by noise and codec', _conditions(accuracy['conditions']),
        '## One channel', _mono(accuracy['mono'], results['recordings']),
        '## Phrases', _phrases(results['phrases']),
        '## Speed and memory', _speed(results),
        *(['## Judging stored calls again', _rescore(results['rescore'])]
          if 'rescore' in results else []),
        *(['## A million calls', _million(results['million'])] if 'million' in results else []),
        *(['## Readers while all changes', _soak(results['soak'])] if 'soak' in results else []),
    ]
    return '\n\n'.join(parts) + '\n'


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """All plots as SVG, the same bytes for the same results."""
    import matplotlib
    matplotlib.use('svg')
    from matplotlib import pyplot as plt
    plt.rcParams.update({
        'svg.hashsalt': 'bench', 'figure.facecolor': 'white', 'axes.edgecolor': GREY,
        'axes.spines.top': False, 'axes.spines.right': False, 'font.size': 9,
        'text.color': INK, 'axes.labelcolor': INK, 'xtick.color': INK, 'ytick.color': INK})
    accuracy = results['accuracy']
    for name, plot in (('snr', lambda ax: _by(ax, accuracy['conditions']['snr'], 'SNR, dB')),
                       ('codec', lambda ax: _by(ax, accuracy['conditions']['codec'], 'codec')),
                       ('confusion', lambda ax: _matrix(ax, accuracy['overlaps']['confusion'])),
                       ('peer', lambda ax: _peer(ax, accuracy['overlaps'])),
                       ('der', lambda ax: _errors(ax, accuracy['mono'], results['recordings'])),
                       ('speed', lambda ax: _times(ax, results))):
        figure, axes = plt.subplots(figsize=(7.2, 4.2 if name == 'confusion' else 3.2))
        plot(axes)
        figure.tight_layout()
        figure.savefig(folder / f'{name}.svg', metadata={'Date': None})
        plt.close(figure)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join('| ' + ' | '.join(map(str, line)) + ' |' for line in lines)


def _share(value: float | None) -> str:
    return '–' if value is None else f'{value:.3f}'


def _ringing(found: Mapping[str, Any]) -> str:
    snrs = list(next(iter(found['tones'].values())))
    rows = [[tone, *(f'{by[snr]["exact"]} of {by[snr]["calls"]}' for snr in snrs),
             f'{max(by[snr]["onset_worst_s"] for snr in snrs):.3f}',
             f'{sum(by[snr]["named"] for snr in snrs)} of {sum(by[snr]["calls"] for snr in snrs)}']
            for tone, by in found['tones'].items()]
    false = found['false_rings']
    return (_table(['tone', *(f'count exact, {snr} dB' for snr in snrs), 'worst onset, s',
                    'named'], rows)
            + f'\n\nmu-law, 8 kHz. False rings in {false["minutes"]:.0f} minutes of speech and '
              f'music without ringing: {false["rings"]}.')


def _holds(found: Mapping[str, Any]) -> str:
    rows = [[kind, by['holds'], by['calls'], by['count_exact'], by['within_1_s'],
             f'{by["worst_s"]:.2f}']
            for kind, by in found['by_kind'].items()]
    return (_table(['kind', 'holds', 'calls', 'count exact', 'total within 1 s',
                    'worst total, s off'], rows)
            + f'\n\nFalse holds in {found["without"]["minutes"]:.0f} minutes of calls without one: '
              f'{found["without"]["holds"]}.')


def _overlaps(found: Mapping[str, Any]) -> str:
    rows = [[who, *(_share(found[who][kind][figure])
                    for kind in ('interruption', 'interruption_collar', 'backchannel')
                    for figure in ('precision', 'recall'))]
            for who in ('without_words', 'with_words', 'bleed', 'peer')]
    head = ['15 dB, mu-law', 'interruptions: precision', 'recall', 'with collar: precision',
            'recall', 'backchannels: precision', 'recall']
    changed = found['bleed']['calls_changed']
    return '\n\n'.join([
        _table(head, rows),
        'An interruption counts from half a second on; `with collar` leaves out those within '
        f'{found["collar_s"]} s of that, in truth and found. `peer` is call-ai-metrics 0.1.0 on '
        'the same calls. `bleed` are such calls with each party '
        f'leaking into the other lane at -20 dB: {changed} of {found["calls"]} calls count '
        'another number of interruptions than without.',
        '![precision and recall beside the peer](plots/peer.svg)',
        'Without words, what was intended and what was found:',
        '![confusion matrix of overlap classes](plots/confusion.svg)'])


def _conditions(found: Mapping[str, Any]) -> str:
    parts = ['The share of calls with the right figure; for interruptions F1 over all calls.']
    for name, what in (('snr', 'SNR, dB'), ('codec', 'codec')):
        figures = found[name]
        keys = list(next(iter(figures.values())))
        parts += [f'![accuracy by {what}](plots/{name}.svg)',
                  _table([what, *keys], [[at, *(_share(by[key]) for key in keys)]
                                         for at, by in figures.items()])]
    return '\n\n'.join(parts)


def _mono(found: Mapping[str, Any], recordings: Mapping[str, Any] | str) -> str:
    rows = [[name, f'{100 * value:.1f} %'] for name, value in _rates(found, recordings)]
    roles = found['roles']
    parts = [_table(['diarization error rate, collar 0.25 s', ''], rows),
             '![diarization error rate](plots/der.svg)',
             f'Agent and caller right on {roles["right"]} of {roles["calls"]} simulated calls '
             f'(mean confidence {roles["mean_confidence"]:.2f}).']
    parts.append(f'Real recordings: {recordings}.' if isinstance(recordings, str)
                 else _recordings(recordings))
    return '\n\n'.join(parts)


def _recordings(found: Mapping[str, Any]) -> str:
    rows = [[name, one['agent_interruptions'], one['caller_interruptions'], one['ring_count'],
             one['hold_count'], f'{100 * one["der"]:.1f} %',
             f'{one["mono_times_real_time"]:.1f}'] for name, one in found['lanes'].items()]
    return _table(['real recording', 'agent interrupts', 'caller interrupts', 'rings', 'holds',
                   'mixed down: error rate', 'two workers on it, times real time'], rows)


def _rates(found: Mapping[str, Any],
           recordings: Mapping[str, Any] | str) -> list[tuple[str, float]]:
    rates = [("pyannote.audio's sample", found['sample_der'])]
    rates += [(f'simulated, {snr} dB', rate) for snr, rate in found['der'].items()]
    if not isinstance(recordings, str):
        rates += [(f'{name}, mixed down', one['der']) for name, one in recordings['lanes'].items()]
    return rates


def _phrases(found: Mapping[str, Any]) -> str:
    languages = found['by_language']
    summary = [[language, by['phrases'], f'{100 * by["error_rate"]:.1f} %', by['said'],
                _share(by['intact']), _share(by['recall']), _share(by['precision']),
                f'{len(by["by_category"]) - len(by["below_target"])} of {len(by["by_category"])}',
                *_within_reach(by),
                *(_share(by['by_length'][length][figure]) for length in ('short', 'long')
                  for figure in ('intact', 'recall')),
                by['words'], f'{by["call_ms"]:.1f}'] for language, by in languages.items()]
    categories = dict.fromkeys(name for by in languages.values() for name in by['by_category'])
    rows = [[name, *(_pair(by['by_category'].get(name)) for by in languages.values())]
            for name in categories]
    return '\n\n'.join([
        f'Made-up calls of seeds {found["seeds"][0]} to {found["seeds"][1]}: 60 turns with phrases '
        'of the lists among other sentences, hit by simulated recognition errors. A phrase counts '
        'as said where it was put, also when errors hit it; `intact` is the share that none hit. '
        'Short phrases are those of one or two words, or of up to four characters: what is lost of '
        'them nothing brings back. Long ones have four words, or seven characters, and more. '
        'Categories reach the target with a recall of 0.90 at a precision of 0.98. '
        'Nothing was fitted, kept or dropped on these seeds. '
        '`ideal` is the recall at a precision of 0.98 of '
        'one who knows how the errors were drawn and every phrase: by how much likelier a turn is '
        'if the phrase was put there than if nothing was, decided where it is best on these very '
        'calls ([tests/bench/ideal.py](../tests/bench/ideal.py)). A category is within reach where '
        'that is 0.90 or more; an estimate, no strict bound: the matcher passes it in a few.',
        _table(['language', 'phrases', 'errors', 'said', 'intact', 'recall', 'precision',
                'categories at target', 'ideal', 'within reach', 'of those at target',
                'short: intact', 'short: recall', 'long: intact',
                'long: recall', 'words a call', 'ms a call'], summary),
        'Recall / precision / ideal of each category:',
        _table(['category', *languages], rows)])


def _pair(of: Mapping[str, Any] | None) -> str:
    return '–' if of is None else ' / '.join(
        _share(of[figure]) for figure in ('recall', 'precision', 'ideal'))


def _within_reach(by: Mapping[str, Any]) -> list[object]:
    """Overall ideal recall, the categories that can reach the target, and those that do."""
    reach = set(by['within_reach'])
    return [_share(by['ideal']), len(reach), len(reach - set(by['below_target']))]


def _speed(results: Mapping[str, Any]) -> str:
    rows, ratios = [], []
    for name, key in (('samples, all engines', 'speed'),
                      ('two channels, acoustic only', 'acoustic'),
                      ('one channel, acoustic only', 'mono')):
        if key not in results:
            continue
        one = results[key]
        ratios.append([name, *(f'{one[ratio]:.2f}' if ratio in one else '–' for ratio in (
            'one_worker_over_plain_loop', 'one_worker_over_two', 'plain_loop_over_two'))])
        rows += [[name, who.replace('_', ' '), f'{one[who]["times_real_time"]:.1f}',
                  f'{one[who]["start_up_s"]:.1f}']
                 for who in _ran_by(one)]
    memory = [[f'{name.replace("_", " ")}', f'{by["peak_rss_mb"]} MB',
               f'{by["times_real_time"]:.0f}'] for name, by in results['memory'].items()]
    return '\n\n'.join([
        '![times real time](plots/speed.svg)',
        _table(['calls', 'run by', 'times real time', 'start-up, s'], rows),
        _table(['time taken, by', 'one worker / plain loop', 'one worker / two workers',
                'plain loop / two side by side'], ratios),
        'The last is what the machine itself gives: its cores share caches and memory.',
        _table(['a worker with', 'peak memory', 'times real time'], memory)])


def _ran_by(figures: Mapping[str, Any]) -> list[str]:
    return [who for who, of in figures.items() if isinstance(of, dict)]


def _rescore(found: Mapping[str, Any]) -> str:
    rows = [[calls, what, by[key]['calls_per_s'], by[key]['cpu_ms_per_call'],
             f'{by[key]["driver_peak_mb"]} MB', f'{by[key]["most_peak_mb"]} MB']
            for calls, by in found['sizes'].items()
            for key, what in (('reused', 'a weight and one rule'), ('threshold', 'a threshold'),
                              ('rules', 'every rule'), ('phrases', 'everything')) if key in by]
    words = next(iter(found['sizes'].values()))['words_a_call']
    return '\n\n'.join([
        _table(['calls', 'judged again', 'calls a second', 'CPU a call, ms', 'peak memory, driver',
                'the largest process'], rows),
        f'{found["workers"]} workers, {found["rules"]} rules; calls of {found["turns"]} turns and '
        f'{words:.0f} words. `a weight and one rule`: of these alone anything is changed, and the '
        'findings of all other rules are taken over; `a threshold`: of a section of the standard, '
        'and those of the rules that cannot read it are; `every rule`: events and measures are '
        'kept; '
        '`everything`: phrases are looked for again and all is measured anew. The warehouse holds '
        f'copies of {found["templates"]} distinct calls under other ids and dates '
        '([tests/bench/rescore.py](../tests/bench/rescore.py)).'])


def _million(found: Mapping[str, Any]) -> str:
    rows = [[name, one['rows'], f'{one["answer_s"]:.2f}', f'{one["cpu_s"]:.2f}']
            for name, one in found.get('questions', {}).items()]
    parts = [
        f'{found["calls"]} calls of 60 turns on 365 days, 200 agents, 12 queues: copies of '
        f'{found["templates"]} distinct calls under other ids, dates and agents, each stretched in '
        'time; `words` is empty '
        '([tests/bench/many_calls.py](../tests/bench/many_calls.py)). '
        f'{found["files"]} files, {found["gb"]} GB, '
        + ', '.join(f'{rows} {name}' for name, rows in found['rows'].items() if rows > 1e5) + '.',
        'Each question in a process of its own, the files in the system\'s cache; opening takes '
        f'{found.get("open_s", 0):.2f} s. CPU is all of the process, its start included.',
        _table(['question', 'rows', 'answer, s', 'CPU, s'], rows)]
    for name, what in (('report', 'The report of all of it'), ('maintain', 'Upkeep of it'),
                       ('erase', 'An erasure of one caller from it')):
        if name in found:
            one = found[name]
            of = f' ({one["page_mb"]} MB)' if name == 'report' else (
                f' ({one["calls"]} calls on {one["days"]} days)' if name == 'erase' else '')
            parts.append(f'{what}{of}: {one["wall_s"]} s, {one["cpu_s"]} s of CPU, '
                         f'{one["peak_mb"]} MB.')
    if 'publish' in found:
        one = found['publish']
        parts.append(f'A publish of {one["calls"]} landed calls into it: {one["wall_s"]} s, '
                     f'{one["cpu_s"]} s of CPU, {one["peak_mb"]} MB.')
    if 'note' in found:
        parts.append(found['note'])
    return '\n\n'.join(parts)


def _soak(found: Mapping[str, Any]) -> str:
    did = ', '.join(f'{times} {what}' for what, times in found['did'].items())
    return (f'{found["readers"]} readers for {found["seconds"]} s, each answer from a newly opened '
            f'file or one kept open; meanwhile {did}, at a retention of {found["retention_s"]:.0f} '
            f's: {found["answers"]} answers over {found["catalogs"]} catalogs, '
            f'{len(found["faults"])} errors or answers that were no snapshot '
            '([tests/bench/soak.py](../tests/bench/soak.py)).')


def _by(axes: Any, figures: Mapping[str, Mapping[str, float | None]], label: str) -> None:
    at = list(figures)
    for colour, key in zip(COLOURS * 2, next(iter(figures.values())), strict=False):
        axes.plot(at, [figures[x][key] for x in at], marker='o', color=colour, label=key)
    axes.set(xlabel=label, ylim=(0, 1.03), ylabel='right')
    axes.grid(axis='y', color='#e2e8f0')
    axes.legend(frameon=False, fontsize=8, loc='lower right')


def _matrix(axes: Any, counted: Mapping[str, Mapping[str, int]]) -> None:
    columns = sorted({found for row in counted.values() for found in row},
                     key=lambda name: (name == '-', name))
    share = [[counted[true].get(found, 0) / max(1, sum(counted[true].values()))
              for found in columns] for true in counted]
    axes.imshow(share, cmap='Blues', vmin=0, vmax=1, aspect='auto')
    for y, true in enumerate(counted):
        for x, found in enumerate(columns):
            number = counted[true].get(found, 0)
            if number:
                axes.text(x, y, number, ha='center', va='center', fontsize=8,
                          color='white' if share[y][x] > 0.6 else INK)
    axes.set_xticks(range(len(columns)), columns, rotation=35, ha='right')
    axes.set_yticks(range(len(counted)), list(counted))
    axes.set(xlabel='found', ylabel='intended')


def _peer(axes: Any, found: Mapping[str, Any]) -> None:
    bars = [(f'{kind}s: {figure}', kind, figure) for kind in ('interruption', 'backchannel')
            for figure in ('precision', 'recall')]
    for n, (who, label, colour) in enumerate((('without_words', 'this project, no words', BLUE),
                                              ('with_words', 'this project, words', GREEN),
                                              ('peer', 'call-ai-metrics 0.1.0', GREY))):
        values = [found[who][kind][figure] or 0 for _, kind, figure in bars]
        axes.bar([i + 0.27 * (n - 1) for i in range(len(bars))], values, 0.25, color=colour,
                 label=label)
    axes.set_xticks(range(len(bars)), [name for name, _, _ in bars], fontsize=8)
    axes.set(ylim=(0, 1.03))
    axes.legend(frameon=False, fontsize=8, loc='lower left')


def _errors(axes: Any, found: Mapping[str, Any], recordings: Mapping[str, Any] | str) -> None:
    rates = _rates(found, recordings)
    axes.barh([name for name, _ in rates], [100 * rate for _, rate in rates], color=BLUE)
    axes.invert_yaxis()
    axes.set(xlabel='diarization error rate, %')


def _times(axes: Any, results: Mapping[str, Any]) -> None:
    names, values = [], []
    for label, key in (('all engines', 'speed'), ('acoustic', 'acoustic'), ('mono', 'mono')):
        for who in _ran_by(results.get(key, {})):
            names.append(f'{label}: {who.replace("_", " ")}')
            values.append(results[key][who]['times_real_time'])
    bars = axes.barh(names, values, color=[GREY if 'loop' in name else BLUE for name in names])
    axes.bar_label(bars, fmt='%.0f', padding=3)
    axes.invert_yaxis()
    axes.set(xscale='log', xlabel='times real time')


if __name__ == '__main__':
    main()
