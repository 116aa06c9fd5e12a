"""One call explained on the terminal: timeline, transcript, what happened, what is not known."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from rich.console import Console, Group
from rich.rule import Rule
from rich.text import Text

from pipeline.rule_rows import rule_texts
from pipeline.show_findings import (
    clock,
    finding_table,
    is_shown,
    rest,
    scores,
    unknown_measures,
)
from pipeline.text import clean
from warehouse.query import run_sql

PLAIN_WIDTH = 110
# What a column of the timeline shows, the strongest last: an overlap hides the speech under it.
MARKS = (('speech', '█', ''), ('ring', '≈', 'cyan'), ('tone', '·', 'cyan'), ('ivr', 'i', 'cyan'),
         ('hold', '♪', 'blue'), ('dead_air', '×', 'red'), ('overlap', '╳', 'yellow'))
KPI_GROUPS = (
    ('answer', ('ring_to_answer_s', 'ring_count', 'ring_source', 'ring_at_least_s')),
    ('holds', ('hold_count', 'hold_total_s', 'hold_longest_s', 'hold_source')),
    ('interruptions', ('agent_interruptions', 'caller_interruptions', 'agent_backchannels',
                       'caller_backchannels')),
    ('talk', ('agent_talk_s', 'caller_talk_s', 'agent_talk_ratio', 'overlap_s',
              'agent_reply_median_s', 'agent_longest_turn_s')),
    ('silence', ('dead_air_count', 'dead_air_s', 'longest_silence_s', 'trailing_silence_s')),
    ('sign-off', ('signoff_order', 'signoff_spoken', 'signoff_status', 'hung_up_by')),
)


def print_call(root: Path, call_id: str, as_of: int | None, everything: bool = False) -> bool:
    """Prints the call; False (with a word to standard error) where it is not in the warehouse.

    `everything` shows every rule by itself, those that do not apply too, with their sources.
    """
    def ask(table: str, order: str = '1') -> list[dict[str, Any]]:
        rows = run_sql(root, f'SELECT * FROM {table} WHERE call_id = ? ORDER BY {order}',
                       parameters=[call_id], as_of=as_of)
        return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows()]

    calls = ask('calls')
    if not calls:
        _say_missing(root, call_id, as_of)
        return False
    call, events = calls[0], ask('events', 'event')
    kpis = ask('kpis')
    findings = [f for f in ask('findings', 'rule_id')
                if not kpis or f['standard'] == kpis[0]['standard']]
    console = (Console(highlight=False) if sys.stdout.isatty()
               else Console(width=PLAIN_WIDTH, highlight=False))
    console.print(_head(call))
    console.print(timeline(events, call['duration_s'], console.width - 10))
    heading = 'transcript' + {'low': ' (not to be believed: the line is too poor for the engine)',
                              'none': ' (no words were heard)'}.get(call['transcript_trust'], '')
    console.print(Group(Rule(heading, align='left', style='dim'),
                        *_transcript(ask('turns', 'turn'), events)))
    if kpis:
        console.print(Group(Rule('figures', align='left', style='dim'), *_figures(kpis[0])))
    _print_findings(console, kpis[0] if kpis else None, findings, everything)
    return True


def _print_findings(console: Console, kpis: dict[str, Any] | None,
                    findings: list[dict[str, Any]], everything: bool) -> None:
    rules = [f for f in findings if f['stage'] != 'kpi']
    if kpis and rules:
        console.print(Group(Rule('scores', align='left', style='dim'), *scores(kpis, rules)))
        console.print(Rule('the rules, and the evidence', align='left', style='dim'))
        shown = rules if everything else [finding for finding in rules if is_shown(finding)]
        console.print(finding_table(shown, rule_texts(kpis['standard']),
                                    sources=everything))
        if not everything:
            console.print(Group(*rest(rules)))
    open_measures = [f for f in findings if f['stage'] == 'kpi']
    if open_measures:
        console.print(Group(Rule('not known, and why', align='left', style='dim'),
                            *unknown_measures(open_measures)))


def timeline(events: list[dict[str, Any]], duration_s: float, width: int) -> Text:
    """Two lanes of `width` columns: speech, ringing, holds, overlaps, dead air; then a legend."""
    out = Text()
    for who in ('agent', 'caller'):
        row = [(' ', '')] * width
        for kind, mark, style in MARKS:
            for event in events:
                shown = event['kind'] == kind and event['label'] != 'bleed' and (
                    event['speaker'] in (who, None) or kind == 'hold')
                if shown:
                    first = int(event['start_s'] / max(duration_s, 1e-9) * width)
                    last = int(event['end_s'] / max(duration_s, 1e-9) * width)
                    for n in range(first, min(max(last, first + 1), width)):
                        row[n] = (mark, style)
        out.append(f'{who:7} ')
        for mark, style in row:
            out.append(mark, style)
        out.append('\n')
    out.append(' ' * 8 + f'0:00{clock(duration_s):>{width - 4}}\n')
    used = {event['kind'] for event in events}
    out.append(' ' * 8 + '   '.join(f'{mark} {kind.replace("_", " ")}'
                                    for kind, mark, _ in MARKS if kind in used))
    return out


def _head(call: dict[str, Any]) -> Text:
    return Text(
        f'{clean(call["call_id"])}   agent {_or_dash(call["agent_id"])}   '
        f'queue {_or_dash(call["queue"])}   {_or_dash(call["direction"])}   '
        f'{_or_dash(call["started_at"])}   {clock(call["duration_s"])}\n'
        f'{clean(call["source_uri"])}\n'
        f'{call["codec"]} {call["sample_rate_hz"]} Hz, {call["channels"]} channel(s); lanes by '
        f'{_or_dash(call["lane_source"])}, agent by {_or_dash(call["agent_lane_source"])}; '
        f'words by {call["transcriber"]}, trust {call["transcript_trust"]}\n')


def _transcript(turns: list[dict[str, Any]], events: list[dict[str, Any]]) -> list[Text]:
    lines = []
    for turn in turns:
        text = clean(turn['text']) or '(no words)'
        style = 'dim' if turn['is_backchannel'] else ''
        lines.append((turn['start_s'], Text(f'{clock(turn["start_s"]):>7} {turn["speaker"]:7}'
                                            f'{text}', style)))
    for event in events:
        if event['kind'] in ('ring', 'hold', 'dead_air', 'overlap', 'tone', 'ivr'):
            label = clean(event['label'] or '').replace('_', ' ')
            lines.append((event['start_s'], Text(
                f'{clock(event["start_s"]):>7} [{event["kind"].replace("_", " ")}] '
                f'{label}{" by " + event["speaker"] if event["speaker"] else ""}, '
                f'{event["end_s"] - event["start_s"]:.1f} s', 'cyan')))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _figures(kpis: dict[str, Any]) -> list[Text]:
    return [Text(f'{group:14}' + '   '.join(
        f'{name} {_or_dash(kpis[name])}' for name in names)) for group, names in KPI_GROUPS]


def _or_dash(value: Any) -> str:
    if value is None:
        return '–'
    return f'{value:.2f}' if isinstance(value, float) else clean(value)


def _say_missing(root: Path, call_id: str, as_of: int | None) -> None:
    import difflib
    rows = run_sql(root, 'SELECT call_id FROM calls ORDER BY 1 LIMIT 100000', as_of=as_of)
    near = difflib.get_close_matches(call_id, [row[0] for row in rows.rows()], 3)
    hint = f' Near ones: {", ".join(near)}.' if near else ''
    print(f'etiquette: no call {clean(call_id)} in {clean(root)}.{clean(hint)} '
          'Look for it with: etiquette sql "SELECT call_id FROM calls"', file=sys.stderr)
