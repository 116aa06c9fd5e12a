"""The calls that have a page of their own: which they are, and all that a page shows of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from warehouse.records import AGENT, CALLER
from warehouse.report.figures import MOST_NAME, Clean, Row, RuleText
from warehouse.report.scope import Scope
from warehouse.tables import one_of

MOST_TEXT, MOST_EVIDENCE = 4000, 400  # characters
_REASONS = 2
_BEST_SHARE, _BEST_MOST = 0.1, 5  # of the calls with a page: the best ones, to learn from
# Heading, then (label, column, unit) of its figures.
KPIS = (
    ('Answer', (('Ring to answer', 'ring_to_answer_s', 's'), ('Rings', 'ring_count', ''),
                ('Rang at least', 'ring_at_least_s', 's'), ('Known from', 'ring_source', ''))),
    ('Holds', (('Holds', 'hold_count', ''), ('In all', 'hold_total_s', 's'),
               ('Longest', 'hold_longest_s', 's'), ('Known from', 'hold_source', ''))),
    ('Interruptions', (('Agent cut in', 'agent_interruptions', ''),
                       ('Caller cut in', 'caller_interruptions', ''),
                       ('Agent’s listening signals', 'agent_backchannels', ''),
                       ('Caller’s listening signals', 'caller_backchannels', ''))),
    ('Talk', (('Agent', 'agent_talk_s', 's'), ('Caller', 'caller_talk_s', 's'),
              ('Agent’s share', 'agent_talk_ratio', '%'), ('Both at once', 'overlap_s', 's'),
              ('Agent’s reply, median', 'agent_reply_median_s', 's'),
              ('Agent’s longest turn', 'agent_longest_turn_s', 's'))),
    ('Silence', (('Dead air', 'dead_air_s', 's'), ('Stretches', 'dead_air_count', ''),
                 ('Longest silence', 'longest_silence_s', 's'),
                 ('After the last word', 'trailing_silence_s', 's'))),
    ('Sign-off', (('Order', 'signoff_order', ''), ('As spoken', 'signoff_spoken', ''),
                  ('With who hung up', 'signoff_status', ''), ('Hung up by', 'hung_up_by', ''))),
)
_SHOWN_KINDS = ('ring', 'ivr', 'hold', 'dead_air', 'overlap', 'phrase', 'tone')


def listed(scope: Scope) -> tuple[list[Row], list[Row]]:
    """The calls with a page: the worst, lowest score first, and the best. Without a score a call
    is neither; where no call has one, those that broke most rules come first."""
    most = scope.asked.calls
    best = min(_BEST_MOST, int(most * _BEST_SHARE))
    columns = """call_id, call_date, agent_id, queue, duration_s, etiquette_score, etiquette_lo,
        etiquette_hi, etiquette_coverage, rules_failed"""
    worst = scope.rows(f"""
        SELECT {columns} FROM chosen WHERE part = 'now'
        ORDER BY etiquette_score NULLS LAST, rules_failed DESC NULLS LAST, call_id
        LIMIT {most}""")
    shown = {row['call_id'] for row in worst}
    top = [row for row in scope.rows(f"""
        SELECT {columns} FROM chosen WHERE part = 'now' AND etiquette_score IS NOT NULL
        ORDER BY etiquette_score DESC, call_id LIMIT {best + most}""")
        if row['call_id'] not in shown][:best]
    return worst[:most - len(top)], top


def pages(scope: Scope, rows: list[Row], texts: Mapping[str, RuleText], clean: Clean) -> list[Row]:
    """What the pages of these calls show, ready for JSON, in the order of the rows.

    Texts are as stored (redacted), without control characters, cut where they are endless.
    """
    if not rows:
        return []
    of = {name: _by_call(scope, name, order, rows) for name, order in (
        ('calls', 'call_id'), ('kpis', 'call_id'), ('turns', 'turn'), ('events', 'event'),
        ('findings', 'rule_id'))}
    zone = ZoneInfo(scope.about['timezone'])
    return [_page(*(of[name].get(row['call_id'], []) for name in of), texts=texts, zone=zone,
                  clean=clean) for row in rows]


def reason(page: Mapping[str, Any], texts: Mapping[str, RuleText]) -> str:
    """Why a call did badly: the costliest rules that it broke, and what was found."""
    broken = [f for f in page['findings'] if f['result'] == 'fail' and f['weight'] > 0]
    return ' '.join(f'{texts[f["rule"]].sentence if f["rule"] in texts else f["rule"]} '
                    f'({f["why"].removesuffix(".")})' for f in broken[:_REASONS])


def _by_call(scope: Scope, table: str, order: str, rows: list[Row]) -> dict[str, list[Row]]:
    # Literals: whole files are left out by dates, and parts of files by ids.
    dates = one_of('call_date', {row['call_date'] for row in rows})
    ids = one_of('call_id', [row['call_id'] for row in rows])
    one = ' AND standard = config_standard()' if table == 'findings' else ''
    out: dict[str, list[Row]] = {}
    for row in scope.rows(f"""
            SELECT * FROM {table} WHERE {dates} AND {ids}{one}
            ORDER BY call_id, {order}"""):
        out.setdefault(row['call_id'], []).append(row)
    return out


def _page(calls: list[Row], kpis: list[Row], turns: list[Row], events: list[Row],
          findings: list[Row], *, texts: Mapping[str, RuleText], zone: ZoneInfo,
          clean: Clean) -> Row:
    call, measured = calls[0], kpis[0]
    whys = {f['rule_id'].removeprefix('kpi.'): clean(f['why'], MOST_EVIDENCE)
            for f in findings if f['stage'] == 'kpi'}
    rules = [f for f in findings if f['stage'] != 'kpi']

    def name(value: Any) -> str | None:
        return None if value is None else clean(value, MOST_NAME)

    return {
        'id': call['call_id'], 'name': name(call['call_id']), 'agent': name(call['agent_id']),
        'queue': name(call['queue']), 'direction': call['direction'],
        'started': _instant(call['started_at'], zone), 'duration_s': call['duration_s'],
        'language': name(call['language']), 'source': name(call['source_uri']),
        'trust': call['transcript_trust'], 'transcriber': name(call['transcriber']),
        'lanes': name(call['lane_source']), 'agent_lane': name(call['agent_lane_source']),
        'score': _rounded(measured['etiquette_score'], 1),
        'low': _rounded(measured['etiquette_lo'], 1), 'high': _rounded(measured['etiquette_hi'], 1),
        'coverage': _rounded(measured['etiquette_coverage'], 3),
        'kpis': [[heading, [[label, _told(measured[column], unit, clean),
                             whys.get(column) if measured[column] is None else None]
                            for label, column, unit in of]] for heading, of in KPIS],
        'turns': [[t['speaker'], bool(t['is_backchannel']), _rounded(t['start_s']),
                   _rounded(t['end_s']), clean(t['text'] or '', MOST_TEXT)] for t in turns],
        # Most events are speech: flat lists of starts and ends, so that the page stays small.
        'speech': {who: [at for e in events if e['kind'] == 'speech' and e['speaker'] == who
                         for at in (_rounded(e['start_s']), _rounded(e['end_s']))]
                   for who in (AGENT, CALLER)},
        'events': [[e['kind'], name(e['label']) or '', e['speaker'], _rounded(e['start_s']),
                    _rounded(e['end_s']), clean(e['evidence'] or '', MOST_EVIDENCE)]
                   for e in events if _is_shown(e, events)],
        'findings': [_finding(f, clean) for f in _ordered(rules)],
        'idle': _idle(rules),
    }


def _is_shown(event: Row, events: Iterable[Row]) -> bool:
    """Not bleed, nor the tones and music that a hold is made of."""
    return event['kind'] in _SHOWN_KINDS and event['label'] != 'bleed' and not (
        event['kind'] == 'tone' and any(
            hold['kind'] == 'hold' and hold['start_s'] < event['end_s']
            and event['start_s'] < hold['end_s'] for hold in events))


def _ordered(findings: Iterable[Row]) -> list[Row]:
    """The findings that say something: broken rules first, the costliest before the others."""
    order = ('fail', 'unknown', 'pass')
    return sorted((f for f in findings if f['result'] in ('fail', 'pass') or (
        f['result'] == 'unknown' and f['weight'] > 0)), key=lambda f: (
            order.index(f['result']), -f['weight'] * f['stage_weight'], f['weight'] == 0,
            f['start_s'] or 0.0, f['rule_id']))


def _finding(f: Row, clean: Clean) -> Row:
    return {'rule': f['rule_id'], 'stage': clean(f['stage'], MOST_NAME), 'result': f['result'],
            'score': _rounded(f['score']), 'weight': f['weight'], 'tier': f['tier'],
            'why': clean(f['why'], MOST_EVIDENCE), 'speaker': f['speaker'],
            'start_s': _rounded(f['start_s']), 'end_s': _rounded(f['end_s']),
            'evidence': clean(f['evidence'] or '', MOST_EVIDENCE)}


def _idle(findings: Iterable[Row]) -> Row:
    """How many rules are not shown one by one, and why."""
    count = Counter('not_applicable' if f['result'] == 'not_applicable' else 'unknown'
                    for f in findings if f['result'] == 'not_applicable' or (
                        f['result'] == 'unknown' and f['weight'] <= 0))
    return {'not_applicable': count['not_applicable'], 'unknown': count['unknown']}


def _told(value: Any, unit: str, clean: Clean) -> str | None:
    if value is None:
        return None
    if unit == '%':
        return f'{100 * value:.0f} %'
    if isinstance(value, float):
        return f'{value:.1f} {unit}'.strip()
    return clean(value, MOST_NAME).replace('_', ' ') or 'none said'


def _instant(at: datetime | None, zone: ZoneInfo) -> str | None:
    return at.astimezone(zone).strftime('%Y-%m-%d %H:%M %Z') if at else None


def _rounded(value: float | None, digits: int = 2) -> float | None:
    return None if value is None else round(value, digits)
