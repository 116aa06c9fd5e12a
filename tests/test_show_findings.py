import io

from rich.console import Console

from pipeline.show_findings import finding_table, is_shown, rest, scores

KPIS = {'standard': 'default', 'etiquette_score': 71.4, 'etiquette_lo': 60.0, 'etiquette_hi': 80.0,
        'etiquette_coverage': 0.8, 'rules_passed': 9, 'rules_failed': 2, 'rules_unknown': 3,
        'opening_score': 80.0, 'hold_score': None, 'signoff_score': 55.0}
TEXTS = {'hold-gives-reason': ('Say why before a wait.', '000 L45')}


def row(rule='hold-gives-reason', result='fail', **given):
    return {'rule_id': rule, 'stage': 'hold', 'tier': 'A', 'result': result,
            'score': {'pass': 1.0, 'fail': 0.0}.get(result), 'weight': 2.0, 'stage_weight': 0.12,
            'why': 'no reason was given', 'confidence': None, 'speaker': 'agent', 'start_s': 63.25,
            'end_s': 70.0, 'evidence': 'please hold', **given}


def printed(what):
    out = io.StringIO()
    console = Console(file=out, width=110, highlight=False)
    console.print(what)
    return out.getvalue()


def test_a_finding_shows_the_rule_its_source_the_moment_and_the_words():
    text = printed(finding_table([row()], TEXTS, sources=True))
    for part in ('✗', '1:03.2', 'Say why before a wait.', '000 L45', 'no reason was given',
                 'agent: “please hold”'):
        assert part in text


def test_the_costliest_failure_comes_first():
    text = printed(finding_table([
        row('kept', 'pass'), row('cheap', stage_weight=0.01), row('dear'), row('open', 'unknown')],
        {}))
    assert [text.index(name) for name in ('dear', 'cheap', 'kept', 'open')] == sorted(
        text.index(name) for name in ('dear', 'cheap', 'kept', 'open'))


def test_what_is_not_known_is_told_by_its_reason_with_the_rules_that_would_be_charged():
    found = [row('a', 'pass', weight=0.0), row('b', 'unknown', weight=3.0, why='no words'),
             row('c', 'not_applicable'), row('f'), row('g', 'pass'),
             row('d', 'unknown', weight=0.0, why='the phrase list of refusal is a draft'),
             row('e', 'unknown', weight=0.0, why='the phrase list of blame is a draft')]
    assert [one['rule_id'] for one in found if is_shown(one)] == ['f', 'g']
    assert [line.plain for line in rest(found)] == [
        '? no words: b (3)',
        '? the phrase list of … is a draft: 2 rules without weight',
        '· 1 rules without weight are kept, 1 do not apply; --all shows every one, with its source']


def test_words_that_would_drive_the_terminal_are_shown_as_text():
    text = printed(finding_table([row(evidence='\x1b[31m[bold]x[/bold]\u202e', why='\x07')], {}))
    assert '\x1b' not in text
    assert '\x07' not in text
    assert '[bold]x[/bold]' in text


def test_the_score_is_shown_with_its_bounds_and_what_each_stage_adds():
    text = '\n'.join(line.plain for line in scores(KPIS, [row(), row('b', 'pass', weight=6.0)]))
    assert 'etiquette 71 of 100 (default); between 60 and 80 whatever is not known' in text
    assert 'hold' in text
    assert ' 75 ' in text
    assert 'opening 80, sign-off 55' in text


def test_a_call_without_a_score_says_so():
    text = scores({**KPIS, 'etiquette_score': None}, [])[0].plain
    assert 'too little is known' in text
