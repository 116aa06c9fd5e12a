"""The charts, as Vega-Lite: what they show and how, without a colour of their own.

Colours are the page's CSS variables, so that light, dark and paper are one chart. What a colour
says is said by a label or a shape beside it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from warehouse.report.figures import Figures, Row
from warehouse.report.measures import TRENDS, Measure

if TYPE_CHECKING:  # most of a second to import: only where a chart is made
    import altair as alt

Spec = dict[str, Any]

_MOST_ROWS = 40  # agents in a chart; the table has them all
_ROW = 20  # pixels
_LABELS = 8  # of a time axis, at most
_BINS = 8  # a histogram is as wide as so many, at least
_SIGNOFFS = ('in_order', 'out_of_order', 'partial', 'missing', 'unknown')
_TIME_AXIS = {'day': '%-d %b', 'week': '%-d %b', 'month': '%b %Y'}

CONFIG: Spec = {
    'background': 'transparent', 'font': 'system-ui, sans-serif',
    'view': {'stroke': None},
    'axis': {'labelColor': 'var(--muted)', 'titleColor': 'var(--muted)', 'labelFontSize': 11,
             'titleFontSize': 11, 'titleFontWeight': 'normal', 'gridColor': 'var(--line)',
             'domain': False, 'ticks': False, 'labelPadding': 6, 'titlePadding': 8},
    'axisY': {'minExtent': 38},
    'axisX': {'grid': False, 'domain': True, 'domainColor': 'var(--line)'},
    'legend': {'labelColor': 'var(--ink)', 'titleColor': 'var(--muted)', 'labelFontSize': 11,
               'orient': 'top', 'title': None, 'symbolType': 'square', 'symbolStrokeWidth': 0},
    'line': {'color': 'var(--accent)', 'strokeWidth': 2},
    'point': {'color': 'var(--accent)', 'filled': True, 'size': 36},
    'bar': {'color': 'var(--accent)'},
    'area': {'color': 'var(--accent)', 'opacity': 0.16},
    'rule': {'color': 'var(--accent)', 'strokeWidth': 2},
    'text': {'color': 'var(--ink)', 'fontSize': 11},
    'range': {'category': ['var(--pass)', 'var(--mid-1)', 'var(--mid-2)', 'var(--fail)',
                           'var(--unknown)']},
    'style': {'count': {'color': 'var(--unknown)'}},
}


@dataclass(frozen=True)
class Chart:
    """A chart of the page.

    Attributes:
      parts: charts under each other; one of several cannot be as wide as its container.
      columns, rows: the same as a table, for whoever reads rather than sees.
    """

    id: str
    title: str
    says: str
    parts: tuple[Spec, ...]
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


def trends(figures: Figures) -> list[Chart]:
    """A chart a measure over time, each point with the number of calls behind it."""
    if len(figures.trend) < 2:
        return []
    return [_trend(measure, figures) for measure in TRENDS]


def distributions(figures: Figures) -> list[Chart]:
    """How scores, answers, holds and replies are spread; nothing where none is known."""
    return [chart for chart in (
        _histogram('scores', 'Etiquette scores', 'Calls by score, 0 to 100.', figures.scores,
                   'score'),
        _histogram('rings', 'Ring to answer', 'Calls by seconds until the agent spoke; the last '
                   'bar is 40 s and more.', figures.rings, 'seconds'),
        _holds(figures.holds),
        _histogram('replies', 'Reply time', 'Calls by the agent’s median pause before a reply; '
                   'below 0 the agent began before the caller had ended.', figures.replies,
                   'seconds'),
    ) if chart]


def agents(figures: Figures) -> Chart | None:
    """The mean score of each agent with its 95 % confidence interval."""
    import altair as alt
    ranked = [row for row in figures.agents if row['score'] is not None]
    shown = ranked if len(ranked) <= _MOST_ROWS else [
        *ranked[:_MOST_ROWS // 2], *ranked[-_MOST_ROWS // 2:]]
    if not shown:
        return None
    data = [{'agent': _name(row['agent_id']), 'score': row['score'], 'low': row['score_low'],
             'high': row['score_high'], 'calls': row['scored'], 'few': row['few']}
            for row in shown]
    y = alt.Y('agent:N', sort=None, title=None, axis=alt.Axis(labelLimit=140))
    base = alt.Chart(alt.Data(values=data))
    x = alt.X('score:Q', title='mean score, 0 to 100', scale=alt.Scale(zero=False, nice=True))
    color = alt.condition('datum.few', alt.value('var(--unknown)'), alt.value('var(--accent)'))
    tips = [alt.Tooltip('agent:N'), alt.Tooltip('score:Q', format='.1f'),
            alt.Tooltip('low:Q', format='.1f', title='95 % from'),
            alt.Tooltip('high:Q', format='.1f', title='to'), alt.Tooltip('calls:Q')]
    chart = alt.layer(
        base.mark_rule().encode(x=alt.X('low:Q', title='mean score, 0 to 100'), x2='high:Q', y=y,
                                color=color),
        base.mark_point(size=60, filled=True).encode(
            x=x, y=y, color=color, tooltip=tips,
            shape=alt.condition('datum.few', alt.value('diamond'), alt.value('circle'))),
    ).properties(width='container', height=_ROW * len(data))
    left_out = ('' if len(shown) == len(ranked) else
                f' The {_MOST_ROWS // 2} lowest and highest of {len(ranked)}; the table has all.')
    return Chart('agent-scores', 'Score by agent',
                 'Mean score and its 95 % confidence interval. Where two intervals overlap widely, '
                 f'the agents may not differ. Grey diamonds: too few calls to tell.{left_out}',
                 (_done(chart),), ('agent', 'score', '95 % from', 'to', 'calls'),
                 [(d['agent'], _one(d['score']), _one(d['low']), _one(d['high']), d['calls'])
                  for d in data])


def signoffs(figures: Figures) -> Chart | None:
    """How each agent's calls end: shares of the sign-off's status."""
    import altair as alt
    counts: dict[str, dict[str, int]] = {}
    for row in figures.signoffs:
        if row['status'] in _SIGNOFFS:
            counts.setdefault(_name(row['agent_id']), {})[row['status']] = row['calls']
    if not counts:
        return None
    order = sorted(counts, key=lambda agent: -counts[agent].get('in_order', 0)
                   / sum(counts[agent].values()))[:_MOST_ROWS]
    data = [{'agent': agent, 'status': status.replace('_', ' '), 'rank': rank,
             'calls': counts[agent].get(status, 0)}
            for agent in order for rank, status in enumerate(_SIGNOFFS)
            if counts[agent].get(status)]
    names = [status.replace('_', ' ') for status in _SIGNOFFS]
    chart = alt.Chart(alt.Data(values=data)).mark_bar().encode(
        x=alt.X('calls:Q', stack='normalize', title='share of calls',
                axis=alt.Axis(format='%')),
        y=alt.Y('agent:N', sort=None, title=None, axis=alt.Axis(labelLimit=140)),
        color=alt.Color('status:N', scale=alt.Scale(domain=names), sort=names),
        order='rank:Q',
        tooltip=['agent:N', 'status:N', 'calls:Q'],
    ).properties(width='container', height=_ROW * len(order))
    return Chart('signoffs', 'Sign-off by agent',
                 'Further help, thanks or a wish, farewell, and the caller hangs up first: all in '
                 'order, out of order, in part, or missing. Unknown: not heard well enough to say.',
                 (_done(chart),), ('agent', *names),
                 [(agent, *(counts[agent].get(status, 0) for status in _SIGNOFFS))
                  for agent in order])


def _trend(measure: Measure, figures: Figures) -> Chart:
    import altair as alt
    scale = 100 if measure.unit == '%' else 1
    is_score = measure.name == 'score'
    data = [{'day': row['day'].isoformat(), 'date': row['day'].isoformat(),
             'calls': row[measure.known],
             'value': None if row[measure.name] is None else scale * row[measure.name],
             **({'low': row['score_lo'], 'high': row['score_hi']} if is_score else {})}
            for row in figures.trend]
    # A date is midnight UTC: told in the reader's zone, it could be the day before.
    x = alt.X('day:T', title=None, scale=alt.Scale(type='utc'), axis=alt.Axis(
        format=_TIME_AXIS[figures.step], labelOverlap='greedy', values=_some_days(figures.trend)))
    scaled = alt.Scale(zero=not is_score, nice=True)
    unit = {'': 'points'}.get(measure.unit, measure.unit)
    base = alt.Chart(alt.Data(values=data))
    tips = [alt.Tooltip('date:N', title=figures.step),
            alt.Tooltip('value:Q', format=f'.{measure.digits}f', title=f'{measure.title} ({unit})'),
            alt.Tooltip('calls:Q', title='calls known')]
    band = [base.mark_area().encode(x=x, y=alt.Y('low:Q', scale=scaled, title=unit), y2='high:Q'),
            ] if is_score else []
    lines = alt.layer(
        *band,
        base.mark_line().encode(x=x, y=alt.Y('value:Q', scale=scaled, title=unit)),
        base.mark_point().encode(x=x, y='value:Q', tooltip=tips),
    ).properties(width='container', height=190 if is_score else 130)
    counts = base.mark_bar(style='count', size=max(2, min(14, 280 // len(data)))).encode(
        x=alt.X('day:T', title=None, axis=None, scale=alt.Scale(type='utc')), y=alt.Y(
            'calls:Q', title='calls', axis=alt.Axis(tickCount=2)), tooltip=tips,
    ).properties(width='container', height=34)
    return Chart(f'trend-{measure.name.replace("_", "-")}', measure.title,
                 f'{measure.says} By {figures.step}; the bars are the calls it is known for.',
                 (_done(lines), _done(counts)),
                 (figures.step, *(('lowest', 'score', 'highest') if is_score else (unit,)),
                  'calls'),
                 [(d['day'], *((_one(d['low']), _one(d['value']), _one(d['high'])) if is_score
                               else (_digits(d['value'], measure.digits),)), d['calls'])
                  for d in data])


def _some_days(trend: Sequence[Row]) -> list[alt.DateTime]:
    """The days that an axis names."""
    import altair as alt
    every = -(-len(trend) // _LABELS)
    return [alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)
            for day in (row['day'] for row in trend[::every])]


def _histogram(id: str, title: str, says: str, bins: list[Row], unit: str) -> Chart | None:
    import altair as alt
    if not bins:
        return None
    data = [{'low': row['low'], 'high': row['low'] + row['width'], 'calls': row['calls']}
            for row in bins]
    ends = [data[0]['low'], max(data[-1]['high'], data[0]['low'] + _BINS * bins[0]['width'])]
    chart = alt.Chart(alt.Data(values=data)).mark_bar().encode(
        x=alt.X('low:Q', bin='binned', title=unit, scale=alt.Scale(domain=ends)), x2='high:Q',
        y=alt.Y('calls:Q', title='calls', axis=alt.Axis(tickMinStep=1, tickCount=4)),
        tooltip=[alt.Tooltip('low:Q', title='from'), alt.Tooltip('high:Q', title='to'), 'calls:Q'],
    ).properties(width='container', height=150)
    return Chart(id, title, says, (_done(chart),), ('from', 'to', 'calls'),
                 [(f'{d["low"]:g}', f'{d["high"]:g}', d['calls']) for d in data])


def _holds(rows: list[Row]) -> Chart | None:
    import altair as alt
    if not rows:
        return None
    names = ('p10', 'p25', 'p50', 'p75', 'p90')
    data = [{'queue': _name(row['queue']), 'calls': row['calls'], 'holds': row['holds'],
             **dict(zip(names, row['quantiles'], strict=True))} for row in rows]
    base = alt.Chart(alt.Data(values=data)).encode(
        y=alt.Y('queue:N', sort=None, title=None, axis=alt.Axis(labelLimit=140)),
        tooltip=['queue:N', 'holds:Q', 'calls:Q',
                 *(alt.Tooltip(f'{name}:Q', format='.0f') for name in names)])
    x = alt.X('p10:Q', title='seconds', scale=alt.Scale(zero=True))
    chart = alt.layer(
        base.mark_rule().encode(x=x, x2='p90:Q'),
        base.mark_bar(size=12).encode(x=alt.X('p25:Q', title='seconds'), x2='p75:Q'),
        base.mark_tick(color='var(--surface)', thickness=2, size=12).encode(
            x=alt.X('p50:Q', title='seconds')),
    ).properties(width='container', height=28 * len(rows))
    return Chart('holds', 'Length of a hold, by queue',
                 'Mean hold of a call: the bar holds the middle half of the calls, its mark the '
                 'median, the line nine tenths of them but the shortest tenth.',
                 (_done(chart),), ('queue', 'calls with holds', 'holds', '10 %', '25 %', 'median',
                                '75 %', '90 %'),
                 [(d['queue'], d['calls'], d['holds'], *(_one(d[name]) for name in names))
                  for d in data])


def _done(chart: alt.TopLevelMixin) -> Spec:
    spec: Spec = chart.to_dict()
    spec.pop('$schema', None)
    return {**spec, 'autosize': {'type': 'fit-x', 'contains': 'padding'}}


def _name(value: Any) -> str:
    return 'not named' if value is None else str(value)


def _one(value: float | None) -> str:
    return _digits(value, 1)


def _digits(value: float | None, digits: int) -> str:
    return '–' if value is None else f'{value:.{digits}f}'
