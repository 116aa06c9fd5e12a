"""A warehouse for tests of the report: calls of three days, one of them hostile, one silent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from pipeline.commands.reporting import standard_of
from pipeline.text import clean
from tests.results import reject, run
from tests.stored_calls import heard, judged_by, silent
from warehouse import landing
from warehouse.publish import publish
from warehouse.report import Asked, write_report

CALLS = 36
HOSTILE_ID = '</script><script>window.bad=1</script>"\'&'
HOSTILE = ('</script><script>window.bad = 1</script><img src=x onerror="window.bad = 1">'
           '<!-- {{ 7 * 7 }} {% raw %} ${window.bad = 1} \u2028 \u202egpj.exe \x1b[31m')
HOSTILE_DAY = date(2026, 11, 4)


def hostile():
    """A call whose every text is an attack."""
    one = judged_by(heard(900), call_id=HOSTILE_ID, agent_id='<b onclick=bad()>\u202ex\x1b</b>',
                    queue='javascript:window.bad=1', source_uri=f'https://evil.example/{HOSTILE}',
                    transcriber=HOSTILE, call_date=HOSTILE_DAY)
    kpis = tuple(replace(row, etiquette_score=1.0, etiquette_lo=0.0, etiquette_hi=5.0)
                 for row in one.kpis)
    return replace(
        one, kpis=kpis,
        turns=tuple(turn._replace(text=HOSTILE if n else HOSTILE + 'a' * 1_000_000)
                    for n, turn in enumerate(one.turns)),
        events=tuple(event._replace(evidence=HOSTILE, label=event.label or HOSTILE)
                     for event in one.events),
        findings=tuple(row._replace(why=HOSTILE, evidence=HOSTILE) for row in one.findings))


def stored(root):
    """Publishes the calls in a warehouse."""
    for seed in range(CALLS):
        landing.put(root, judged_by(heard(seed)))
    landing.put(root, judged_by(silent()))
    landing.put(root, hostile())
    landing.put_reject(root, reject(message=HOSTILE))
    publish(root, run(published=CALLS + 2, rejected=1))
    return root


def page_of(root, out, **asked):
    """The report of a warehouse, as HTML."""
    write_report(root, out, Asked(**asked), standard_of, clean)
    return out.read_text(encoding='utf-8')
