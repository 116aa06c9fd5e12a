"""The report without a browser: its figures, and that what comes from calls does nothing in it."""

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest

from pipeline.cli import run_command
from pipeline.commands.reporting import standard_of
from pipeline.standards import load_standard
from pipeline.text import clean
from tests.conftest import etiquette
from tests.report_for_tests import CALLS, HOSTILE, HOSTILE_DAY, HOSTILE_ID, page_of, stored
from tests.results import reject, result, run
from warehouse import landing
from warehouse.errors import WarehouseError
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.report import calls as call_pages
from warehouse.report import figures, scope
from warehouse.report.measures import MEASURES
from warehouse.report.scope import Asked

DAY = date(2026, 11, 3)


class Page(HTMLParser):
    """Every element with its attributes, and what the scripts hold."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == 'script':
            self.scripts.append((dict(attrs), ''))

    def handle_data(self, data):
        if self.cdata_elem == 'script':
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)

    def data(self, id):
        (text,) = (text for attributes, text in self.scripts if attributes.get('id') == id)
        return json.loads(text)


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    return stored(tmp_path_factory.mktemp('w'))


@pytest.fixture(scope='module')
def text(root, tmp_path_factory):
    return page_of(root, tmp_path_factory.mktemp('out') / 'report.html')


@pytest.fixture(scope='module')
def page(text):
    return Page(text)


def ask(root, sql):
    rows = run_sql(root, sql)
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows()]


def counted(root, **asked):
    with scope.opened(root, Asked(**asked)) as chosen:
        return figures.figures_of(chosen, standard_of('default').rules, clean)


def shown(root, **asked):
    with scope.opened(root, Asked(**asked)) as chosen:
        worst, best = call_pages.listed(chosen)
        pages = call_pages.pages(chosen, [*worst, *best], standard_of('default').rules, clean)
    return worst, best, pages


def test_what_a_call_says_is_never_markup(page):
    assert len(page.scripts) == 5  # the three pieces of data and the two programs
    assert {tag for tag, _ in page.elements} & {'img', 'iframe', 'object', 'link', 'b'} == set()
    assert not [a for _, attributes in page.elements for a in attributes if a.startswith('on')]


def test_a_hostile_call_is_shown_as_it_was_said(page):
    (call,) = (call for call in page.data('data-calls') if call['id'] == HOSTILE_ID)
    assert call['turns'][1][4] == clean(HOSTILE)
    assert call['findings'][0]['why'] == clean(HOSTILE)


def test_no_text_turns_the_direction_of_the_page_or_holds_a_control_character(text):
    assert not re.search('[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f]', text)


def test_an_endless_text_is_cut(text, page):
    (call,) = (call for call in page.data('data-calls') if call['id'] == HOSTILE_ID)
    assert len(call['turns'][0][4]) == call_pages.MOST_TEXT
    assert call['turns'][0][4].endswith('…')
    assert len(text) < 3_000_000


def test_a_template_in_what_was_said_is_not_evaluated(text):
    assert '{{ 7 * 7 }}' in text


def test_the_page_names_no_address_to_load_from(text, page):
    named = [value for _, attributes in page.elements for name, value in attributes.items()
             if name in ('src', 'href', 'action', 'data', 'srcset', 'poster')]
    assert named and all(value.startswith('#') for value in named)
    (style,) = re.findall('<style>(.*?)</style>', text, re.DOTALL)
    assert 'url(' not in style and '@import' not in style


def test_the_pages_own_policy_allows_its_programs_and_no_request(text, page):
    (policy,) = (attributes['content'] for tag, attributes in page.elements
                 if tag == 'meta' and attributes.get('http-equiv') == 'Content-Security-Policy')
    assert "default-src 'none'" in policy and 'unsafe-eval' not in policy
    assert "script-src 'unsafe-inline'" not in policy
    programs = [text for attributes, text in page.scripts if attributes['type'] == 'module']
    for program in programs:
        digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.count('sha256-') == len(programs) == 2


def test_a_report_of_one_agent_queue_and_day_says_what_agent_day_says(root):
    views = ask(root, f"SELECT * FROM agent_day WHERE call_date = DATE '{DAY}'")
    assert views
    for view in views:
        now = counted(root, since=view['call_date'], until=view['call_date'],
                      queue=view['queue'], agent=view['agent_id']).now
        same = {'calls': 'calls', 'scored': 'calls_scored', 'score': 'etiquette_score_mean',
                'coverage': 'etiquette_coverage_mean', 'ring_known': 'calls_ring_known',
                'holds': 'holds', 'hold_share': 'hold_share',
                'interruptions_known': 'calls_interruptions_known',
                'agent_interruptions_per_min': 'agent_interruptions_per_min',
                'dead_air_share': 'dead_air_share', 'reply_median_s': 'agent_reply_median_s',
                'signoff_known': 'signoff_known'}
        assert {ours: now[ours] for ours in same} == {
            ours: pytest.approx(view[theirs]) if isinstance(view[theirs], float) else view[theirs]
            for ours, theirs in same.items()}


def test_the_rules_are_counted_as_rule_compliance_counts_them(root):
    view = {row['rule_id']: row for row in ask(root, """
        SELECT rule_id, sum(passed)::INT AS passed, sum(failed)::INT AS failed,
            sum(unknown)::INT AS unknown FROM rule_compliance GROUP BY 1""")}
    rules = counted(root).rules
    assert rules and all(row[name] == view[row['rule_id']][name]
                         for row in rules for name in ('passed', 'failed', 'unknown'))
    assert {r for r in view if not r.startswith('kpi.')} == {row['rule_id'] for row in rules}


def test_the_worst_calls_are_those_of_worst_calls_in_its_order(root):
    worst, best, _ = shown(root, calls=10)
    view = [row['call_id'] for row in ask(root, 'SELECT call_id FROM worst_calls')]
    assert [row['call_id'] for row in worst] == view[:9]
    assert [row['call_id'] for row in best] == view[-1:]


@pytest.mark.parametrize('name', ['default', 'ja'])
def test_the_report_has_the_stages_of_the_standard_and_the_rules_of_each(name):
    standard, words = load_standard(name), standard_of(name)
    assert tuple(words.stages) == tuple(standard.stages)
    assert {rule.id: (rule.stage, rule.sentence, rule.source) for rule in standard.rules}.items() \
        <= {rule: (text.stage, text.sentence, text.source)
            for rule, text in words.rules.items()}.items()


@pytest.mark.parametrize('calls', [1, 10, CALLS + 2, 100])
def test_as_many_calls_have_a_page_as_were_asked_for_or_there_are(root, calls):
    assert len({page['id'] for page in shown(root, calls=calls)[2]}) == min(calls, CALLS + 2)


def test_days_and_agents_add_up_to_all_calls(root):
    found = counted(root)
    assert found.now['calls'] == CALLS + 2
    assert sum(row['calls'] for row in found.agents) == CALLS + 2
    assert sum(row['calls'] for row in found.trend) + found.now['undated'] == CALLS + 2
    assert sum(row['calls'] for row in found.scores) == found.now['scored']
    assert sum(row['calls'] for row in found.rings) == found.now['ring_known']


def test_every_finding_with_a_moment_has_something_there_to_see(root):
    pages = shown(root)[2]
    moments = [(page, finding) for page in pages for finding in page['findings']
               if finding['start_s'] is not None]
    assert moments
    for page, finding in moments:
        assert 0 <= finding['start_s'] <= page['duration_s'] + 0.05
        assert page['turns'] or page['events'] or any(page['speech'].values())


def test_a_measure_that_is_not_known_says_why_and_is_never_zero(root):
    pages = shown(root)[2]
    (silent,) = (page for page in pages if page['id'] == 'silent')
    of = {label: (value, why) for _, rows in silent['kpis'] for label, value, why in rows}
    value, why = of['Ring to answer']
    assert value is None and 'ringing' in why


def test_a_figure_that_no_call_tells_is_said_to_be_not_known(tmp_path):
    one = result('c1')
    landing.put(tmp_path, replace(one, kpis=tuple(
        replace(kpis, ring_to_answer_s=None) for kpis in one.kpis)))
    publish(tmp_path, run())
    text = page_of(tmp_path, tmp_path / 'r.html')
    assert 'not known' in text and 'no call tells' in text
    assert counted(tmp_path).now['ring_median_s'] is None


def test_calls_in_are_published_skipped_and_rejected_and_a_rejected_one_is_named(text):
    assert f'{CALLS + 3} calls in = {CALLS + 2} published + 0 skipped + 1 rejected' in text
    assert '1 recording could not be processed' in text and 'Record it again.' in text


def test_figures_alone_hold_no_word_of_a_call(root, tmp_path):
    text = page_of(root, tmp_path / 'r.html', calls=0)
    said = ask(root, "SELECT DISTINCT text FROM turns WHERE length(text) BETWEEN 8 AND 100")
    assert said and not [row for row in said if row['text'] in text]
    assert Page(text).data('data-calls') == []


def test_a_period_is_compared_with_as_many_days_before_it(root):
    with scope.opened(root, Asked(since=DAY, until=HOSTILE_DAY)) as chosen:
        assert str(chosen.compared) == ('3 to 4 November 2026 against 1 to 2 November 2026')
        found = figures.figures_of(chosen, {}, clean)
    days = {row['call_date']: row['n'] for row in ask(
        root, 'SELECT call_date, count(*) AS n FROM calls GROUP BY 1')}
    assert found.now['calls'] == found.last['calls'] == days[DAY] + days[HOSTILE_DAY]
    assert found.before['calls'] == days[date(2026, 11, 2)]


def test_a_report_without_calls_before_compares_its_last_two_weeks(tmp_path):
    for day in range(1, 15):
        landing.put(tmp_path, result(f'c{day}', day=date(2026, 11, day)))
    publish(tmp_path, run())
    with scope.opened(tmp_path, Asked()) as chosen:
        assert str(chosen.compared) == '8 to 14 November 2026 against 1 to 7 November 2026'
        found = figures.figures_of(chosen, {}, clean)
    assert (found.last['calls'], found.before['calls']) == (7, 7)


def test_a_mean_has_the_interval_of_students_t():
    low, high = figures.interval(50.0, 10.0, 4)
    assert (low, high) == (pytest.approx(50 - 3.1824 * 5, abs=1e-3),
                           pytest.approx(50 + 3.1824 * 5, abs=1e-3))
    assert figures.interval(50.0, None, 1) == (None, None)
    assert figures.interval(98.0, 10.0, 4)[1] == 100.0


def test_a_change_that_samples_of_the_same_calls_show_is_called_chance(tmp_path):
    for n in range(24):
        landing.put(tmp_path, result(f'c{n}', day=date(2026, 11, 2 + n % 2),
                                     score=50.0 + n * 7 % 40))
        landing.put(tmp_path, result(f'd{n}', day=date(2026, 11, 4), score=90.0 + n * 7 % 10))
    publish(tmp_path, run())
    (score,) = (measure for measure in MEASURES if measure.name == 'score')
    alike = counted(tmp_path, since=DAY, until=DAY)
    better = counted(tmp_path, since=date(2026, 11, 4), until=date(2026, 11, 4))
    assert figures.by_chance(score, alike.last, alike.before)
    assert not figures.by_chance(score, better.last, better.before)


def test_the_variance_of_a_pooled_share_is_that_of_its_parts(root):
    rows = [(row['hold_total_s'], row['duration_s']) for row in ask(root, f"""
        SELECT k.hold_total_s, c.duration_s FROM kpis k JOIN calls c USING (call_id)
        WHERE k.call_date = DATE '{DAY}' AND k.hold_total_s IS NOT NULL""")]
    last = counted(root, since=DAY, until=DAY).last
    share = sum(p for p, _ in rows) / sum(w for _, w in rows)
    expected = sum((p - share * w) ** 2 for p, w in rows) / sum(w for _, w in rows) ** 2
    assert last['hold_share_variance'] == pytest.approx(expected) and math.sqrt(expected) > 0


def test_a_warehouse_without_a_call_gives_a_page_that_says_so(tmp_path):
    landing.put_reject(tmp_path, reject())
    publish(tmp_path, run(published=0, rejected=1))
    text = page_of(tmp_path, tmp_path / 'r.html')
    assert 'No call is published here yet' in text and '1 rejected' in text


@pytest.mark.parametrize('asked, says', [
    ({'since': date(2027, 1, 1)}, 'Calls are dated 2026-11-02 to 2026-11-04'),
    ({'until': date(2020, 1, 1)}, 'Calls are dated 2026-11-02 to 2026-11-04'),
    ({'agent': 'a11'}, 'Nearest: a1'), ({'queue': 'biling'}, 'Nearest: billing'),
    ({'queue': 'cards', 'agent': 'a1', 'since': date(2027, 1, 1)}, 'of queue cards of agent a1')])
def test_what_no_call_fits_is_an_error_that_names_those_there_are(root, tmp_path, asked, says):
    with pytest.raises(WarehouseError, match=re.escape(says)):
        page_of(root, tmp_path / 'r.html', **asked)
    assert not (tmp_path / 'r.html').exists()


def test_the_command_writes_the_page_and_says_where(root, tmp_path):
    ran = etiquette('report', '--warehouse', root, '--out', tmp_path / 'r.html', '--calls', '3',
                    '--from', '2026-11-02', '--to', '2026-11-04')
    assert ran.code == 0, ran.err
    assert '3 with a page of their own' in ran.out and str(tmp_path / 'r.html') in ran.out
    assert Page((tmp_path / 'r.html').read_text()).data('data-calls')


@pytest.mark.parametrize('flags, says', [
    (('--from', '2026-11-04', '--to', '2026-11-02'), 'give the earlier date first'),
    (('--from', 'monday'), 'write 2026-11-30'), (('--calls', '-1'), 'must be 0 or more'),
    (('--out', '.'), 'is a folder'), (('--out', '/proc/no/r.html'), 'Name another file'),
    (('--agnt', 'a1'), '--agent')])
def test_wrong_use_is_told_with_the_way_out(root, capsys, flags, says):
    assert code_of('report', '--warehouse', str(root), *flags) == 2
    assert says in capsys.readouterr().err


def test_nothing_published_is_told_with_the_way_out(tmp_path, capsys):
    assert code_of('report', '--warehouse', str(tmp_path)) == 2
    assert 'Run a batch first' in capsys.readouterr().err


def code_of(*args):
    try:
        return run_command(list(args))
    except SystemExit as left:
        return left.code
