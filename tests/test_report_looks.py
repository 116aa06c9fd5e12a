"""The report in a browser: it draws, it is used by keyboard, it can be read.

`ETIQUETTE_NEW_LOOKS=1` stores what the overview looks like now, coarsely, for the next comparison.
"""

import io
import itertools
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.report_for_tests import HOSTILE_ID, page_of, stored

LOOKS = Path(__file__).parent / 'looks' / 'overview.png'
COARSE = (64, 48)  # fonts differ between machines: places and masses do not
MOST_DIFFERENCE = 14.0  # mean of 0..255 over the pixels of the coarse picture
NAMES = ('chromium', 'chromium-browser', 'google-chrome')
# The contrast of each text that is seen, by WCAG 2: (text, ratio), the lowest first.
CONTRASTS = '''() => {
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const parsed = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (node) => { for (let at = node; at; at = at.parentElement) {
    const c = parsed(getComputedStyle(at).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c.slice(0, 3); } return [255, 255, 255]; };
  const out = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || node.closest('script, svg, noscript') ||
        !node.checkVisibility() || getComputedStyle(node).opacity !== '1') continue;
    const [a, b] = [parsed(getComputedStyle(node).color), behind(node)].map(light);
    out.push([walk.currentNode.data.trim().slice(0, 40),
              (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)]);
  }
  return out.sort((x, y) => x[1] - y[1]);
}'''


def chromium():
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope='module')
def browser():
    playwright = pytest.importorskip('playwright.sync_api')
    if chromium() is None:
        pytest.skip(f'no browser: none of {", ".join(NAMES)} is on PATH (Debian: chromium)')
    with playwright.sync_playwright() as p:
        started = p.chromium.launch(executable_path=chromium(), args=['--no-sandbox'])
        yield started
        started.close()


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp('report')
    page_of(stored(folder / 'w'), folder / 'report.html')
    return folder / 'report.html'


@pytest.fixture
def opened(browser, report):
    """Opens the report: a function of a page's options and the place in it; nothing may be asked
    of the network, and the page may not complain."""
    said, contexts = [], []

    def go(place='', **options):
        context = browser.new_context(**{'viewport': {'width': 1280, 'height': 960}, **options})
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        page.on('console', lambda message: said.append(message.text))
        page.on('pageerror', lambda error: said.append(str(error)))
        page.on('request', lambda request: None if request.url.startswith('file:')
                else said.append(request.url))
        page.goto(f'file://{report}{place}')
        page.wait_for_selector('html[data-drawn]')
        return page
    yield go
    for context in contexts:
        context.close()
    assert said == []


def focused(page):
    return page.evaluate('''() => { const at = document.activeElement;
        return (at.getAttribute('aria-label') || at.textContent).trim().slice(0, 60); }''')


def test_every_chart_is_drawn_with_marks_and_an_equal_table_beside_it(opened):
    page = opened()
    drawn = page.eval_on_selector_all('.plot', '''plots => plots.map(plot => [plot.dataset.chart,
        plot.querySelectorAll('svg path, svg rect, svg text').length, plot.clientHeight,
        plot.closest('figure').querySelectorAll('tbody tr').length])''')
    assert len(drawn) >= 12
    assert [one for one in drawn if one[1] < 5 or one[2] < 40 or one[3] < 1] == []


def test_a_hostile_call_does_nothing_in_a_browser(opened):
    page = opened()
    page.click('table.calls a >> nth=0')  # its score is the lowest
    page.wait_for_selector('#call .finding')
    assert page.inner_text('#call-title') == f'Call {HOSTILE_ID}'
    assert page.evaluate('window.bad') is None
    assert page.locator('#call').locator('img, script, b').count() == 0
    assert 'window.bad = 1' in page.inner_text('#call .words')


def test_each_finding_with_a_moment_leads_to_its_place(opened):
    page = opened('#call/call%200000')
    page.wait_for_selector('#call .finding')
    page.eval_on_selector_all('details', 'all => all.forEach(one => { one.open = true; })')
    moments = page.query_selector_all('.moment')
    assert moments
    for moment in moments:
        moment.press('Enter')
        assert page.eval_on_selector_all('.words .at, .finding.at', 'at => at.length') == 2
        assert page.eval_on_selector_all('.lanes .needle', 'at => at.length') == 1
        clock = moment.inner_text()
        assert page.inner_text('#live').startswith(clock)
        place = page.eval_on_selector('.words .at', '''at => [at.getBoundingClientRect().top,
            at.parentNode.getBoundingClientRect().top, at.parentNode.clientHeight]''')
        assert place[0] < place[1] + place[2]


def test_the_keyboard_goes_everywhere(opened):
    page = opened(reduced_motion='reduce')
    page.keyboard.press('Tab')
    assert focused(page) == 'Skip to the figures'
    page.keyboard.press('Enter')
    assert page.evaluate('document.activeElement.id') == 'main'
    page.keyboard.press('?')
    assert page.is_visible('#help') and focused(page) == 'Close'
    page.keyboard.press('Escape')
    assert not page.is_visible('#help')
    page.focus('table.calls a')
    page.keyboard.press('Enter')
    page.wait_for_selector('#call .finding')
    assert not page.is_visible('#overview')
    first = page.inner_text('#call-title')
    page.keyboard.press('ArrowRight')
    page.wait_for_function('old => document.querySelector("#call-title").innerText !== old',
                           arg=first)
    page.keyboard.press('ArrowLeft')
    page.wait_for_function('old => document.querySelector("#call-title").innerText === old',
                           arg=first)
    before = page.eval_on_selector('.lanes svg', 'svg => svg.clientWidth')
    page.keyboard.press('+')
    assert page.eval_on_selector('.lanes svg', 'svg => svg.clientWidth') > before
    page.keyboard.press('Escape')
    page.wait_for_selector('#overview', state='visible')


def test_a_date_is_the_same_one_wherever_the_page_is_read(opened):
    labels = [opened(timezone_id=zone).locator('#trend-score .plot svg').first.text_content()
              for zone in ('Pacific/Honolulu', 'Pacific/Auckland')]
    assert labels[0] == labels[1] and '2 Nov' in labels[0]


def test_what_has_the_focus_can_be_seen(opened):
    page = opened()
    for _ in range(12):
        page.keyboard.press('Tab')
        style = page.evaluate('''() => { const s = getComputedStyle(document.activeElement);
            return [s.outlineStyle, parseFloat(s.outlineWidth)]; }''')
        assert style[0] != 'none' and style[1] >= 2


def test_a_heading_sorts_the_agents_and_says_so(opened):
    page = opened()
    column = '.sortable tbody tr td:nth-child(2)'
    page.click('.sortable thead th:nth-child(2) button')
    calls = [int(text) for text in page.locator(column).all_inner_texts()]
    assert calls == sorted(calls)
    page.click('.sortable thead th:nth-child(2) button')
    assert page.get_attribute('.sortable thead th:nth-child(2)', 'aria-sort') == 'descending'
    assert [int(text) for text in page.locator(column).all_inner_texts()] == calls[::-1]


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('place', ['', '#call/call%200000'])
def test_every_text_can_be_told_from_what_is_behind_it(opened, scheme, place):
    page = opened(place, color_scheme=scheme)
    found = page.evaluate(CONTRASTS)
    assert len(found) > 50
    assert [one for one in found if one[1] < 4.5] == []


def test_light_and_dark_follow_the_reader_and_the_button(opened):
    def background(page):
        return page.evaluate('getComputedStyle(document.body).backgroundColor')
    light, dark = opened(color_scheme='light'), opened(color_scheme='dark')
    assert background(light) != background(dark)
    light.click('#theme')
    assert background(light) == background(dark)
    fills = [page.eval_on_selector('.plot .mark-text text', 'at => getComputedStyle(at).fill')
             for page in (light, dark)]
    assert fills[0] == fills[1]
    dark.keyboard.press('t')
    assert background(light) != background(dark)


def test_paper_is_light_whole_and_without_buttons(opened):
    page = opened(color_scheme='dark')
    page.emulate_media(media='print', color_scheme='dark')
    assert page.evaluate('getComputedStyle(document.body).backgroundColor') == 'rgb(255, 255, 255)'
    assert not page.is_visible('.bar')
    page.evaluate('dispatchEvent(new Event("beforeprint"))')
    assert page.eval_on_selector_all('.stage:not([open])', 'shut => shut.length') == 0
    assert page.pdf(format='A4').startswith(b'%PDF')


@pytest.mark.parametrize('place', ['', '#call/call%200000'])
def test_a_telephone_needs_no_sideways_scrolling(opened, place):
    page = opened(place, viewport={'width': 360, 'height': 740})
    assert page.evaluate('document.documentElement.scrollWidth') <= 360


@pytest.mark.parametrize('place', ['', '#call/call%200000'])
def test_whoever_hears_the_page_is_told_what_each_thing_is(opened, place):
    page = opened(place)
    nameless = page.eval_on_selector_all('button, a, [role], dialog, summary', '''all =>
        all.filter(at => !['status', 'presentation'].includes(at.getAttribute('role')) &&
            !at.parentElement.closest('[aria-hidden], [role=img]') && !at.textContent.trim() &&
            !at.getAttribute('aria-label') &&
            !document.getElementById(at.getAttribute('aria-labelledby')))
        .map(at => at.outerHTML.slice(0, 200))''')
    assert nameless == []
    ids = page.eval_on_selector_all('[id]', 'all => all.map(at => at.id)')
    assert len(ids) == len(set(ids))
    lost = page.eval_on_selector_all('[aria-labelledby]', '''all => all.filter(at =>
        !document.getElementById(at.getAttribute('aria-labelledby')) && !at.hidden)
        .map(at => at.outerHTML.slice(0, 80))''')
    assert lost == []
    levels = page.eval_on_selector_all('h1, h2, h3, h4', '''all => all.filter(at =>
        at.checkVisibility()).map(at => Number(at.tagName[1]))''')
    assert levels[0] == 1 and all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert page.get_attribute('html', 'lang') == 'en'


def test_the_overview_looks_as_it_did(opened):
    picture, dark = (coarse(opened(color_scheme=scheme, reduced_motion='reduce'))
                     for scheme in ('light', 'dark'))
    if os.environ.get('ETIQUETTE_NEW_LOOKS'):
        LOOKS.parent.mkdir(exist_ok=True)
        picture.save(LOOKS)
    before = Image.open(LOOKS).convert('RGB')
    assert difference(picture, before) < MOST_DIFFERENCE < difference(dark, before)


def coarse(page):
    return Image.open(io.BytesIO(page.screenshot())).convert('RGB').resize(
        COARSE, Image.Resampling.BOX)


def difference(one, other):
    pairs = list(zip(one.tobytes(), other.tobytes(), strict=True))
    return sum(abs(a - b) for a, b in pairs) / len(pairs)
