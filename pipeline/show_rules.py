"""The rules of a standard: a table for the terminal, and the page `docs/rules.md`."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from pipeline.lexicons import describe_lexicons, load_acts
from pipeline.show import output
from pipeline.standards import shipped_lexicons
from pipeline.text import clean
from transforms.lexicon import Act, Lexicon
from transforms.protocol import Rule
from transforms.standard import Standard

PAGE = """# The rules of etiquette

What the standard `{name}` asks of a call, by stage: {counts}. `etiquette rules` lists them,
`etiquette rules --format markdown` writes this page. A document is one of the four that the rules
come from: 000 (Korean), 001 (Japanese), 002 (Chinese), 003 (Indonesian), with its lines.

Tier A is decided by a deterministic rule; B is an indicator, whose weight counts {tier_b:g}; C is
not measured from a call. A rule without weight is computed and shown, not charged. Every rule says
`not_applicable` where it asks for nothing, and `unknown` where it cannot be decided: words that
are not known well enough, a party's lane that is not sure, a recording that ends early, a phrase
list that is a draft (marked *), lanes told apart in one channel where overlap decides.
"""


LISTS = """
## Phrase lists

What rules on words look for is in `configs/lexicon`. A list that no native speaker has read is
accepted by this standard all the same (`checked.accept_unreviewed`); a draft never fails a rule.

"""


def print_rules(standard: Standard, stage: str | None) -> None:
    """The rules as a table."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style='bold')
    for heading in ('rule', 'tier', 'weight', 'what it asks', 'source'):
        table.add_column(heading, overflow='fold', min_width=30 if heading == 'rule' else None,
                         justify='right' if heading == 'weight' else 'left')
    for rule in chosen(standard, stage):
        asked = rule.sentence if rule.tier != 'C' else f'{rule.sentence} (not measured: ' \
            f'{rule.why_not})'
        style = '' if rule.on and rule.weight else 'dim'
        table.add_row(Text(rule.id, style=style), rule.tier, f'{rule.weight:g}' if rule.weight
                      else '', Text(clean(asked), style=style), Text(clean(rule.source), 'dim'))
    output().print(table)
    for line in describe_lexicons():
        print(clean(line))


def as_json(standard: Standard, stage: str | None) -> str:
    """The rules as a JSON list of objects."""
    return json.dumps([_row(rule) for rule in chosen(standard, stage)], ensure_ascii=False,
                      indent=1)


def as_markdown(standard: Standard) -> str:
    """The page: a section a stage, a table row a rule."""
    acts, english = load_acts(), shipped_lexicons()['en']
    tiers = [sum(rule.tier == tier for rule in standard.rules) for tier in 'ABC']
    charged = sum(rule.weight > 0 for rule in standard.rules)
    counts = (f'{len(standard.rules)} rules, {tiers[0]} of tier A, {tiers[1]} of tier B and '
              f'{tiers[2]} of tier C; {charged} carry weight')
    parts = [PAGE.format(name=standard.name, counts=counts, tier_b=standard.scores.tier_b)]
    for stage, weight in standard.stages.items():
        rules = chosen(standard, stage)
        if not rules:
            continue
        parts.append(f'\n## {stage.capitalize()}\n\nWeighs {weight:g} in the overall score.\n\n'
                     '| rule | tier, weight | what it asks | how it is decided | source |\n'
                     '| --- | --- | --- | --- | --- |\n')
        parts += [f'| `{rule.id}` | {rule.tier}{f", {rule.weight:g}" if rule.weight else ""} '
                  f'| {_cell(rule.sentence)} | {_cell(_how(rule, acts, english))} '
                  f'| {_cell(rule.source)} |\n' for rule in rules]
    parts.append(LISTS + ''.join(f'- {clean(line)}\n' for line in describe_lexicons()))
    return ''.join(parts)


def chosen(standard: Standard, stage: str | None) -> list[Rule]:
    """The rules of a stage (None: of all), in the order of the stages."""
    order = list(standard.stages)
    return sorted((rule for rule in standard.rules if stage in (None, rule.stage)),
                  key=lambda rule: order.index(rule.stage))


def _how(rule: Rule, acts: Mapping[str, Act], english: Lexicon) -> str:
    """What decides a rule, with its options, and an example of each act that it names."""
    if rule.decide is None:
        return f'Not from one call: {rule.elsewhere}.' if rule.elsewhere else \
            f'Not measured: {rule.why_not}.'
    from transforms.rules.judge import DECIDERS
    doc = ' '.join((inspect.getdoc(DECIDERS[rule.decide]) or '').split())
    options = ', '.join(f'{key} {_shown(value)}' for key, value in rule.options.items())
    named = [value for value in rule.options.values() if isinstance(value, str) and value in acts]
    examples = '; '.join(_example(name, acts[name], english) for name in named)
    return doc + (f' ({options})' if options else '') + (f' For example: {examples}.' if examples
                                                         else '')


def _example(name: str, act: Act, english: Lexicon) -> str:
    phrases = [phrase for category in act.lists for phrase in english.categories.get(category, ())]
    draft = '*' if any(category in english.drafts for category in act.lists) else ''
    said = ', '.join(f'“{phrase}”' for phrase in phrases[:2]) or act.means
    return f'{name.replace("_", " ")}{draft} {said}'


def _shown(value: Any) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ', '.join(map(str, value)) or 'none'
    return str(value)


def _row(rule: Rule) -> dict[str, Any]:
    return {**vars(rule), 'options': dict(rule.options)}


def _cell(text: str) -> str:
    return clean(text).replace('|', '\\|').replace('{', '\\{')
