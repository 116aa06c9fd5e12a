"""The figures of any group of calls, as one SQL expression each, and how they are told.

The expressions are those of the views `agent_day` and `queue_day`: parts are pooled, a call of
which a part is not known counts in neither of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


def _ratio(part: str, whole: str, known: str) -> str:
    """Pooled: the sum of a part over the sum of a whole, of the calls of which it is known."""
    return f'sum({part}) / nullif(sum({whole}) FILTER ({known} IS NOT NULL), 0)'


def _ratio_variance(part: str, whole: str) -> str:
    """Of the pooled ratio, linearised: sum((part - ratio * whole)^2) / sum(whole)^2."""
    p, w = f'{part}::DOUBLE', f'(CASE WHEN {part} IS NOT NULL THEN {whole} END)'
    ratio = f'(sum({p}) / nullif(sum({w}), 0))'
    return (f'(sum({p} * {p}) - 2 * {ratio} * sum({p} * {w}) + {ratio} * {ratio} * sum({w} * {w}))'
            f' / nullif(sum({w}) * sum({w}), 0)')


def _median_variance(column: str) -> str:
    """Of a median, as of a normal distribution: its spread is told by the middle half."""
    return (f'pow(0.929 * (quantile_cont({column}, 0.75) - quantile_cont({column}, 0.25)), 2)'
            f' / nullif(count({column}), 0)')


_KNOWN_SIGNOFF = "signoff_status IN ('in_order', 'out_of_order', 'partial', 'missing')"
AGGREGATES = {
    'calls': 'count(*)',
    'hours': 'sum(duration_s) / 3600',
    'scored': 'count(etiquette_score)',
    'score': 'avg(etiquette_score)',
    'score_sd': 'stddev_samp(etiquette_score)',
    'score_lo': 'avg(etiquette_lo) FILTER (etiquette_score IS NOT NULL)',
    'score_hi': 'avg(etiquette_hi) FILTER (etiquette_score IS NOT NULL)',
    'coverage': 'avg(etiquette_coverage)',
    'coverage_known': 'count(etiquette_coverage)',
    'ring_known': 'count(ring_to_answer_s)',
    'ring_median_s': 'median(ring_to_answer_s)',
    'hold_known': 'count(hold_total_s)',
    'holds': 'sum(hold_count)::BIGINT',
    'hold_share': _ratio('hold_total_s', 'duration_s', 'hold_total_s'),
    'interruptions_known': 'count(agent_interruptions)',
    'agent_interruptions_per_min':
        _ratio('agent_interruptions', 'caller_talk_s / 60', 'agent_interruptions'),
    'dead_air_known': 'count(dead_air_s)',
    'dead_air_share': _ratio('dead_air_s', 'duration_s', 'dead_air_s'),
    'reply_known': 'count(agent_reply_median_s)',
    'reply_median_s': 'median(agent_reply_median_s)',
    'signoff_known': f'count(*) FILTER ({_KNOWN_SIGNOFF})',
    'signoff_share': "count(*) FILTER (signoff_status = 'in_order')"
                     f' / nullif(count(*) FILTER ({_KNOWN_SIGNOFF}), 0)',
}
# How far each figure would vary from sample to sample of such calls: the variance of it.
VARIANCES = {
    'score': 'var_samp(etiquette_score) / count(etiquette_score)',
    'coverage': 'var_samp(etiquette_coverage) / count(etiquette_coverage)',
    'ring_median_s': _median_variance('ring_to_answer_s'),
    'reply_median_s': _median_variance('agent_reply_median_s'),
    'hold_share': _ratio_variance('hold_total_s', 'duration_s'),
    'agent_interruptions_per_min': _ratio_variance('agent_interruptions', '(caller_talk_s / 60)'),
    'dead_air_share': _ratio_variance('dead_air_s', 'duration_s'),
    'signoff_share': "var_pop((signoff_status = 'in_order')::INT)"
                     f' FILTER ({_KNOWN_SIGNOFF}) / nullif(count(*) FILTER ({_KNOWN_SIGNOFF}), 0)',
}
SELECTED = ', '.join(f'{sql} AS {name}' for name, sql in AGGREGATES.items())

Unit = Literal['', 's', '%', 'a minute']


@dataclass(frozen=True)
class Measure:
    """A figure that is shown.

    Attributes:
      known: the aggregate that counts the calls it is known for.
      kpi: the column of `kpis` whose finding says why it is not known.
      better: 1 where more is better, -1 where less is.
    """

    name: str
    title: str
    unit: Unit
    known: str
    kpi: str
    better: int
    digits: int
    says: str


MEASURES = tuple(Measure(*row) for row in (
    ('score', 'Etiquette score', '', 'scored', 'etiquette_score', 1, 1,
     'Mean of the calls’ scores, 0 to 100, of what is known. The band is where it would lie were '
     'all that is not known broken, or kept.'),
    ('ring_median_s', 'Ring to answer', 's', 'ring_known', 'ring_to_answer_s', -1, 1,
     'Median seconds from the first ring to the agent’s first word.'),
    ('hold_share', 'On hold', '%', 'hold_known', 'hold_total_s', -1, 1,
     'Share of the time of all calls in which the caller was parked.'),
    ('agent_interruptions_per_min', 'Agent cuts in', 'a minute', 'interruptions_known',
     'agent_interruptions', -1, 2,
     'Times agents cut callers off, a minute of the callers’ talk.'),
    ('dead_air_share', 'Dead air', '%', 'dead_air_known', 'dead_air_s', -1, 1,
     'Share of the time of all calls in which nobody spoke for 4 s and more, unannounced.'),
    ('reply_median_s', 'Agent replies after', 's', 'reply_known', 'agent_reply_median_s', -1, 2,
     'Median of the calls’ median pauses before the agent’s reply; below 0 the agent began first.'),
    ('signoff_share', 'Sign-off in order', '%', 'signoff_known', 'signoff_status', 1, 0,
     'Share of the calls whose closing was heard and complete, in its order.'),
    ('coverage', 'Could be known', '%', 'coverage_known', 'etiquette_coverage', 1, 0,
     'Mean share of the standard, by weight, that could be decided of a call.'),
))
TRENDS = tuple(measure for measure in MEASURES if measure.name != 'coverage')


def told(value: Any, unit: str, digits: int) -> str:
    """A figure as it is read, without its unit's name; `not known` where it is None."""
    if value is None:
        return 'not known'
    number = 100 * value if unit == '%' else value
    return f'{number:.{digits}f}'
