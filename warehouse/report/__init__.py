"""The report: one HTML page of a warehouse's calls, for whoever looks after the agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from warehouse.files import write_whole
from warehouse.report.figures import Clean, RuleText
from warehouse.report.scope import Asked

__all__ = ['Asked', 'RuleText', 'Standard', 'Written', 'write_report']

STEPS = ('counting the calls', 'reading single calls', 'drawing the charts', 'writing the page')


@dataclass(frozen=True)
class Standard:
    """The words of the standard that the calls were judged by.

    Attributes:
      rules: rule -> its stage, sentence and source.
      stages: in the order of a call.
    """

    rules: Mapping[str, RuleText]
    stages: Sequence[str]


@dataclass(frozen=True)
class Written:
    """What a report has come to: calls counted, calls with a page, bytes."""

    calls: int
    pages: int
    size: int


def write_report(root: Path, out: Path, asked: Asked, standard_of: Callable[[str], Standard],
                 clean: Clean,
                 say: Callable[[str], None] = lambda step: None) -> Written:
    """Writes the page, whole or not at all.

    Args:
      standard_of: the words of a standard, by its name.
      clean: makes foreign text fit to show, and cuts it at a number of characters.
      say: told each of STEPS as it begins.

    Raises WarehouseError where nothing has been published, or no call is what was asked for.
    """
    from warehouse.report import calls, charts, content, figures, pages, scope
    with scope.opened(root, asked) as chosen:
        say(STEPS[0])
        beside = ThreadPoolExecutor(1)
        vega = beside.submit(pages.vega_bundle)
        beside.shutdown(wait=False)
        standard = standard_of(str(chosen.about['standard']))
        counted = figures.figures_of(chosen, standard.rules, clean)
        say(STEPS[1])
        worst, best = calls.listed(chosen) if asked.calls else ([], [])
        shown = calls.pages(chosen, [*worst, *best], standard.rules, clean)
    say(STEPS[2])
    by_id = {page['id']: page for page in shown}
    lists = [{'title': title, 'why': why, 'rows': [
        content.call_row(row, by_id[row['call_id']],
                         calls.reason(by_id[row['call_id']], standard.rules)) for row in rows]}
        for title, why, rows in (('Lowest scores', 'the costliest rules it broke', worst),
                                 ('Highest scores, to learn from', 'what is left', best)) if rows]
    trends, spread = charts.trends(counted), charts.distributions(counted)
    agents, signoffs = charts.agents(counted), charts.signoffs(counted)
    drawn = [chart for chart in (*trends, *spread, agents, signoffs) if chart]
    used = {finding['rule'] for page in shown for finding in page['findings']}
    say(STEPS[3])
    text = pages.render(
        vega.result(), head=content.head(chosen, counted, clean),
        account=content.account(counted), tiles=content.tiles(counted, clean),
        compared=str(chosen.compared or ''), trends=trends, distributions=spread,
        sections={'calls': counted.now['calls'] > 0, 'trends': bool(trends)},
        agent_chart=agents, signoff_chart=signoffs, agents=content.agent_rows(counted),
        agent_columns=content.AGENT_COLUMNS, agents_sorted_by=content.AGENTS_SORTED_BY,
        few_calls=figures.FEW_CALLS, stages=content.stages(counted, standard.stages),
        lists=lists, pages=shown, basis=content.basis(chosen, counted, len(shown)),
        rejects=[{'name': clean(row['call_id'] or row['source_uri'] or 'not named', 200),
                  'step': row['step'], 'message': clean(row['message'], 300),
                  'way_out': clean(row['way_out'], 300)} for row in counted.rejects],
        rejects_title=content.rejects_title(counted),
        specs={'config': charts.CONFIG,
               'charts': {chart.id: {'parts': chart.parts} for chart in drawn}},
        rule_texts={name: [rule.sentence, rule.source]
                    for name, rule in standard.rules.items() if name in used})
    data = text.encode('utf-8', errors='replace')
    write_whole(out, data)
    return Written(counted.now['calls'], len(shown), len(data))
