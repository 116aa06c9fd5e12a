"""What the page says: the figures as sentences, tiles and rows of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.report.figures import MOST_AGENTS, MOST_NAME, Clean, Figures, Row, by_chance
from warehouse.report.measures import MEASURES, Measure, told
from warehouse.report.scope import Scope

AGENT_COLUMNS = (
    ('agent', 'As the phone system names them'),
    ('calls', 'Calls in the period'),
    ('score', 'Mean score of the scored calls, 0 to 100'),
    ('95 %', 'Confidence interval of the mean score'),
    ('scored', 'Calls with a score'),
    ('known', 'Share of the standard that is known'),
    ('answers after', 'Median seconds from the first ring'),
    ('on hold', 'Share of the time of their calls'),
    ('cuts in', 'Times they cut callers off, a minute of the callers’ talk'),
    ('dead air', 'Share of the time of their calls'),
    ('replies after', 'Median seconds'),
    ('sign-off', 'In order, of the sign-offs that were heard'),
)
AGENTS_SORTED_BY = 2


def head(scope: Scope, figures: Figures, clean: Clean) -> Row:
    """Title, lead and notes."""
    asked, now = scope.asked, figures.now
    of = ', '.join(f'{name} {clean(value, MOST_NAME)}' for name, value in (
        ('queue', asked.queue), ('agent', asked.agent)) if value is not None)
    period = str(scope.window) if scope.window else 'no call date known'
    calls = f'{_grouped(now["calls"])} call{"" if now["calls"] == 1 else "s"}'
    lead = (f'{calls}, {now["hours"] or 0:.1f} hours, judged by the standard '
            f'“{scope.about["standard"]}”.')
    if now['coverage'] is not None:
        lead += (f' {100 * now["coverage"]:.0f} % of the standard could be known of a call; '
                 f'{_grouped(now["scored"])} calls have a score.')
    notes = []
    if now['undated']:
        notes.append(f'{_grouped(now["undated"])} calls have no date: they count in the figures, '
                     'and are in no trend.')
    if now['calls'] and now['scored'] < now['calls']:
        notes.append(f'{_grouped(now["calls"] - now["scored"])} calls have no score, because too '
                     'little of them is known: none counts as bad.')
    return {'title': f'{period}' + (f', {of}' if of else ''), 'lead': lead, 'notes': notes,
            'period': period}


def account(figures: Figures) -> str:
    """What has become of the calls that runs were given; empty where nothing ran."""
    runs = figures.runs
    if not runs['runs']:
        return ''
    count = 'one run' if runs['runs'] == 1 else f'{_grouped(runs["runs"])} runs, a call that ' \
        'was tried again counted again'
    return (f'{_grouped(runs["calls_in"])} calls in = {_grouped(runs["published"])} published + '
            f'{_grouped(runs["skipped"])} skipped + {_grouped(runs["rejected"])} rejected '
            f'(all that this warehouse was given, in {count}).')


def tiles(figures: Figures, clean: Clean) -> list[Row]:
    """The main figures, each with its trend and what it rests on."""
    return [_tile(measure, figures, clean) for measure in MEASURES]


def agent_rows(figures: Figures) -> list[Row]:
    """A row an agent: the cells of AGENT_COLUMNS, each with what it is sorted by."""
    return [{'few': row['few'], 'cells': [
        _cell(row['agent_id'] or 'not named', row['agent_id'] or ''),
        _cell(_grouped(row['calls']), row['calls']),
        _number(row['score'], 1), _band(row['score_low'], row['score_high']),
        _cell(_grouped(row['scored']), row['scored']),
        _share(row['coverage']), _number(row['ring_median_s'], 1, ' s'),
        _share(row['hold_share'], 1), _number(row['agent_interruptions_per_min'], 2),
        _share(row['dead_air_share'], 1), _number(row['reply_median_s'], 2, ' s'),
        _share(row['signoff_share'])]} for row in figures.agents]


def stages(figures: Figures, order: Sequence[str]) -> list[Row]:
    """The rules by stage, in the order of a call; those that no call decided are counted."""
    out = []
    for name in (*order, *sorted({row['stage'] for row in figures.rules} - set(order))):
        rows = [row for row in figures.rules if row['stage'] == name]
        shown = [_rule(row) for row in rows if row['passed'] + row['failed']]
        silent = len(rows) - len(shown)
        if not rows:
            continue
        sums = {key: sum(row[key] for row in rows) for key in ('passed', 'failed', 'unknown')}
        decided = sums['passed'] + sums['failed']
        kept = f'{100 * sums["passed"] / decided:.0f} % kept, {len(shown)} rules' if decided else (
            'nothing could be decided')
        out.append({'name': name, 'open': False, 'rules': shown, 'kept': kept, **sums,
                    'silent': f'{silent} more rules were decided in no call.' if silent else ''})
    return out


def call_row(row: Row, page: Row, reason: str) -> Row:
    """A call in the list of calls."""
    low, high = row['etiquette_lo'], row['etiquette_hi']
    unscored = 'Too little is known for a score.' if row['etiquette_score'] is None else ''
    return {'id': page['id'], 'name': page['name'], 'date': row['call_date'] or '–',
            'agent': page['agent'] or '–', 'queue': page['queue'] or '–',
            'score': _digits(row['etiquette_score'], 0),
            'band': '–' if low is None else f'{low:.0f}–{high:.0f}',
            'failed': '–' if row['rules_failed'] is None else row['rules_failed'],
            'reason': ' '.join(filter(None, (unscored, reason))) or (
                'No rule that is charged was broken.')}


def basis(scope: Scope, figures: Figures, pages: int) -> list[tuple[str, str]]:
    """What the figures rest on."""
    now = figures.now
    out = [('Standard', str(scope.about['standard'])),
           ('Tables', f'catalog {scope.about["catalog"]}, published '
                      f'{scope.about["published_at"]:%Y-%m-%d %H:%M} UTC; dates in '
                      f'{scope.about["timezone"]}')]
    out.append(('In this report', f'{_grouped(now["calls"])} calls, {pages} of them with a page'))
    if len(figures.agents) == MOST_AGENTS:
        out.append(('Agents', f'the {MOST_AGENTS} with most calls'))
    out += [('Not known', 'What could not be known is left out of a figure, never counted as 0 or '
                          'as broken; each figure says how many calls it is known for.'),
            ('Privacy', 'Texts are redacted as stored. No recording is in this page, and it asks '
                        'no network for anything.')]
    return out


def rejects_title(figures: Figures) -> str:
    """What the list of rejected calls is called; empty where there are none."""
    if not figures.rejects:
        return ''
    shown, every = len(figures.rejects), figures.rejects[0]['all']
    what = 'recording' if every == 1 else 'recordings'
    return f'{_grouped(every)} {what} could not be processed' + (
        f': the last {shown}' if every > shown else '')


def _tile(measure: Measure, figures: Figures, clean: Clean) -> Row:
    value, known = figures.now[measure.name], figures.now[measure.known]
    calls = figures.now['calls']
    why = figures.reasons.get(measure.name)
    band = ''
    if measure.name == 'score' and figures.now['score_lo'] is not None:
        band = (f'between {figures.now["score_lo"]:.0f} and {figures.now["score_hi"]:.0f} '
                'whatever is not known')
    of = f'known for {_grouped(known)} of {_grouped(calls)} calls' if known else (
        f'no call tells: {clean(why, 160)}' if why else 'no call tells')
    return {'title': measure.title, 'known': value is not None, 'unit': measure.unit, 'band': band,
            'value': told(value, measure.unit, measure.digits), 'of': of,
            'spark': _spark([row[measure.name] for row in figures.trend]),
            'change': _change(measure, figures)}


def _change(measure: Measure, figures: Figures) -> Row | None:
    """How a figure moved from one window to the next, and whether that is good."""
    if not figures.last or not figures.before:
        return None
    now, before = figures.last[measure.name], figures.before[measure.name]
    if now is None or before is None:
        return None
    by = told(now - before, measure.unit, measure.digits)
    if float(by) == 0:
        return {'verdict': 'same', 'sign': '=', 'text': 'unchanged'}
    up = now > before
    verdict = 'same' if by_chance(measure, figures.last, figures.before) else (
        'better' if up == (measure.better > 0) else 'worse')
    unit = {'%': ' points', 's': ' s'}.get(measure.unit, '')
    text = f'{by.lstrip("-")}{unit} {"more" if up else "less"}'
    return {'verdict': verdict, 'sign': '▲' if up else '▼',
            'text': f'{text}, {"may be chance" if verdict == "same" else verdict}'}


def _spark(values: Sequence[float | None]) -> str:
    """The points of a line in a box of 100 by 24; what is not known is passed over."""
    known = [(n, value) for n, value in enumerate(values) if value is not None]
    if len(known) < 3:
        return ''
    low, high = min(v for _, v in known), max(v for _, v in known)
    return ' '.join(f'{100 * n / (len(values) - 1):.1f},'
                    f'{22 - 20 * ((value - low) / (high - low) if high > low else 0.5):.1f}'
                    for n, value in known)


def _rule(row: Mapping[str, Any]) -> Row:
    decided = row['passed'] + row['failed']
    return {**row, 'share': f'{100 * row["kept"]:.0f} % kept',
            'counts': f'{_grouped(row["failed"])} broken of {_grouped(decided)}'
                      + (f', {_grouped(row["unknown"])} not known' if row['unknown'] else '')}


def _cell(text: Any, key: Any) -> tuple[str, str]:
    return str(text), '' if key is None else str(key)


def _number(value: float | None, digits: int, unit: str = '') -> tuple[str, str]:
    return ('–', '') if value is None else (f'{value:.{digits}f}{unit}', f'{value:.6f}')


def _share(value: float | None, digits: int = 0) -> tuple[str, str]:
    return ('–', '') if value is None else (f'{100 * value:.{digits}f} %', f'{value:.6f}')


def _band(low: float | None, high: float | None) -> tuple[str, str]:
    return ('–', '') if low is None or high is None else (f'{low:.0f}–{high:.0f}', f'{low:.6f}')


def _digits(value: float | None, digits: int) -> str:
    return '–' if value is None else f'{value:.{digits}f}'


def _grouped(number: int) -> str:
    return f'{number:,}'.replace(',', '\u202f')


