"""What the rules say of one call, on the terminal: scores, and every finding with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from pipeline.text import clean

SIGNS = {'fail': ('✗', 'bold red'), 'pass': ('✓', 'green'), 'unknown': ('?', 'yellow'),
         'not_applicable': ('·', 'dim')}
BAR_WIDTH = 20
_NAMED = r'(the phrase list of) \w+'  # reasons that differ in a name alone
SCORES = (('opening', 'opening_score'), ('holds', 'hold_score'), ('sign-off', 'signoff_score'))


def scores(kpis: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]) -> list[Text]:
    """The overall score with its bounds, what it is made of by stage, and the three composites."""
    findings = list(findings)
    lines = [_overall(kpis)]
    for stage, (weight, kept, known, applicable) in _stages(findings).items():
        if not weight or not applicable:
            continue
        share = kept / known if known else None
        text = Text(f'  {stage:11}')
        text.append_text(_bar(share))
        text.append(f' {"–" if share is None else f"{100 * share:.0f}":>3}'
                    f'   weighs {weight:.2f}, {known / applicable:.0%} known')
        lines.append(text)
    named = [f'{name} {kpis[column]:.0f}' for name, column in SCORES if kpis[column] is not None]
    if named:
        lines.append(Text(f'  by themselves: {", ".join(named)}'))
    return lines


def finding_table(findings: Iterable[Mapping[str, Any]],
                  texts: Mapping[str, tuple[str, str]], sources: bool = False) -> Table:
    """A row a finding: result, when, the rule and what it weighs, the reason and the words.
    Failed rules come first, the costliest before the others.

    Args:
      texts: rule -> sentence and source.
      sources: show the sources too.
    """
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify='right', no_wrap=True)
    table.add_column(overflow='fold')
    order = list(SIGNS)
    for finding in sorted(findings, key=lambda f: (
            order.index(f['result']), -f['weight'] * f['stage_weight'], f['weight'] == 0,
            f['start_s'] or 0.0, f['rule_id'])):
        sign, style = SIGNS[finding['result']]
        when = '' if finding['start_s'] is None else clock(finding['start_s'])
        table.add_row(Text(sign, style=style), when, _told(finding, texts, sources))
    return table


def is_shown(finding: Mapping[str, Any]) -> bool:
    """Whether a finding is worth a place of its own: broken, or kept and charged."""
    return finding['result'] == 'fail' or (finding['result'] == 'pass' and finding['weight'] > 0)


def rest(findings: Iterable[Mapping[str, Any]]) -> list[Text]:
    """The other rules in few lines: what is not known by reason, with the names of those that
    would be charged; how many without weight are kept, and how many do not apply."""
    others = [finding for finding in findings if not is_shown(finding)]
    open_rules: dict[str, list[Mapping[str, Any]]] = {}
    for finding in others:
        if finding['result'] == 'unknown':
            open_rules.setdefault(re.sub(_NAMED, r'\1 …', finding['why']), []).append(finding)
    lines = [_open(reason, rules) for reason, rules in sorted(
        open_rules.items(), key=lambda row: (-sum(f['weight'] for f in row[1]), -len(row[1]),
                                             row[0]))]
    kept, idle = (sum(finding['result'] == result for finding in others)
                  for result in ('pass', 'not_applicable'))
    return [*lines, Text(f'· {kept} rules without weight are kept, {idle} do not apply; '
                         '--all shows every one, with its source')]


def _open(reason: str, rules: Iterable[Mapping[str, Any]]) -> Text:
    rules = list(rules)
    charged = sorted((f for f in rules if f['weight'] > 0), key=lambda f: (-f['weight'],
                                                                          f['rule_id']))
    named = [f'{clean(f["rule_id"])} ({f["weight"]:g})' for f in charged]
    free = len(rules) - len(charged)
    if free:
        named.append(f'{free} {"rule" if free == 1 else "rules"} without weight')
    return Text('? ', style='yellow') + Text(clean(reason), style='') + Text(
        f': {", ".join(named)}', style='dim')


def unknown_measures(findings: Iterable[Mapping[str, Any]]) -> list[Text]:
    """The measures that are not known, and why."""
    return [Text(f'? {clean(finding["rule_id"].removeprefix("kpi."))}: {clean(finding["why"])}')
            for finding in findings]


def clock(seconds: float) -> str:
    """Minutes and seconds, to a tenth."""
    return f'{int(seconds) // 60}:{seconds % 60:04.1f}'


def _overall(kpis: Mapping[str, Any]) -> Text:
    score, low, high = (kpis[name] for name in ('etiquette_score', 'etiquette_lo', 'etiquette_hi'))
    coverage = kpis['etiquette_coverage']
    if coverage is None:
        return Text('no rule of this standard applies')
    counts = ', '.join(f'{kpis[f"rules_{name}"]} {name}' for name in ('passed', 'failed',
                                                                      'unknown'))
    bounds = f'between {low:.0f} and {high:.0f} whatever is not known; {coverage:.0%} is known'
    standard = clean(kpis['standard'])
    if score is None:
        return Text(f'etiquette –: too little is known ({standard}); {bounds}; {counts}')
    return Text(f'etiquette {score:.0f} of 100 ({standard}); {bounds}; {counts}')


def _stages(findings: Iterable[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Stage -> its weight, and the summed weights: kept, known and applicable."""
    out: dict[str, list[float]] = {}
    for finding in findings:
        if finding['weight'] <= 0 or finding['result'] == 'not_applicable':
            continue
        sums = out.setdefault(finding['stage'], [finding['stage_weight'], 0.0, 0.0, 0.0])
        sums[3] += finding['weight']
        if finding['score'] is not None:
            sums[1] += finding['weight'] * finding['score']
            sums[2] += finding['weight']
    return out


def _bar(share: float | None) -> Text:
    if share is None:
        return Text('·' * BAR_WIDTH, style='dim')
    full = round(share * BAR_WIDTH)
    style = 'green' if share >= 0.8 else 'yellow' if share >= 0.5 else 'red'
    return Text('█' * full, style=style) + Text('░' * (BAR_WIDTH - full), style='dim')


def _told(finding: Mapping[str, Any], texts: Mapping[str, tuple[str, str]],
          sources: bool) -> Text:
    sentence, source = texts.get(finding['rule_id'], (finding['rule_id'], ''))
    out = Text(clean(sentence), style='' if finding['weight'] else 'dim')
    marks = [clean(finding['rule_id'])]
    if source and sources:
        marks.append(clean(source))
    if finding['weight']:
        marks.append(f'weight {finding["weight"]:g}')
    if finding['tier'] == 'B':
        marks.append('an indicator')
    out.append(f'  [{"; ".join(marks)}]', style='dim')
    said = clean(finding['why'])
    if finding['score'] is not None and finding['score'] not in (0.0, 1.0):
        said += f' (score {finding["score"]:.2f})'
    if finding['evidence']:
        who = f'{finding["speaker"]}: ' if finding['speaker'] else ''
        said += f' — {who}“{clean(finding["evidence"], 160)}”'
    return out.append(f'\n{said}')
