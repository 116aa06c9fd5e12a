"""Whatever a call is like, every rule says one of four things of it, and says why."""

import json
from datetime import datetime, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls_for_tests import call_of, event, perceived_of
from tests.standard_for_tests import default_standard, lexicon_of, phrasebook, reviewed_phrasebook
from transforms.assess import assess
from transforms.intervals import union
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, CALLER

LANGUAGES = ('en', 'ko', 'ja', 'zh', 'id')
SLOTS = {'{name}': 'Kim', '{company}': 'Acme', '{duration}': '2'}


def spoken(language):
    """Phrases of all lists, as a transcript of the language has them; some are questions."""
    def text(phrase, end):
        for slot, value in SLOTS.items():
            phrase = phrase.replace(slot, value)
        return (' '.join(phrase.replace(' ', '')) if language in NO_SPACES else phrase) + end
    phrases = [p for row in lexicon_of(language).categories.values() for p in row]
    return st.builds(text, st.sampled_from(phrases), st.sampled_from(['', '.', '?', '。', ' 4111']))


def spans(longest):
    return st.lists(st.tuples(st.integers(0, 900), st.integers(2, longest)), max_size=9).map(
        lambda rows: union((a / 10, (a + b) / 10) for a, b in rows))


@st.composite
def said(draw, language):
    rows = []
    for who in (AGENT, CALLER):
        for start, end in draw(spans(80)):
            rows.append((who, start, end, ' '.join(draw(st.lists(
                spoken(language), min_size=1, max_size=3)))))
    return rows


SOUNDS = st.lists(st.tuples(st.sampled_from([
    ('ring', 'ringback'), ('ivr', 'announcement'), ('hold', 'music'), ('hold', 'zero'),
    ('hold', 'beeps'), ('tone', 'busy'), ('speech', 'bleed')]), st.integers(0, 900),
    st.integers(2, 300), st.sampled_from([AGENT, CALLER, None])), max_size=5).map(
    lambda rows: tuple(event(*what, a / 10, (a + b) / 10, who) for what, a, b, who in rows))
INSTANTS = st.sampled_from([None, '2026-03-04T11:59:00+00:00', '2026-03-04T12:00:09+00:00',
                            '2026-03-04T12:03:00+00:00'])
MANIFESTS = st.fixed_dictionaries({}, optional={
    'answered_at': INSTANTS, 'ringing_at': INSTANTS, 'ended_at': INSTANTS,
    'transfers': st.lists(st.fixed_dictionaries({
        'at_s': st.sampled_from([None, -1.0, 0.0, 30.0]),
        'kind': st.sampled_from([None, 'blind', 'attended', 'odd'])}), max_size=3),
    'holds': st.lists(st.sampled_from([{'start_s': 5.0, 'end_s': 40.0},
                                       {'start_s': 3.0, 'end_s': 3.0}]), max_size=2),
    'call_type': st.sampled_from(['complaint', 'order', 'follow-up']),
    'agent_name': st.just('Kim'), 'caller_name': st.sampled_from(['Lee', '李', '']),
    'contact_id': st.just('k'), 'timezone': st.sampled_from(['Asia/Seoul', 'UTC'])})
CALLS = st.fixed_dictionaries({
    'direction': st.sampled_from([None, 'inbound', 'outbound']),
    'hung_up_by': st.sampled_from([None, AGENT, CALLER]),
    'lane_source': st.sampled_from(['channel', 'diarized']),
    'agent_lane_confidence': st.sampled_from([None, 0.4, 1.0]),
    'agent_lane_source': st.sampled_from(['manifest', 'first_speaker']),
    'transcriber': st.sampled_from(['provided', 'whisperx', 'pocketsphinx']),
    'transcript_trust': st.sampled_from(['ok', 'ok', 'low', 'none']),
    'started_at': st.sampled_from([None, datetime(2026, 3, 4, 12, tzinfo=timezone.utc)]),
    'queue': st.sampled_from([None, 'complaints', 'sales']),
    'agent_snr_db': st.sampled_from([None, 3.0, 30.0]),
    'manifest': MANIFESTS.map(json.dumps)})


@given(st.data(), st.sampled_from(LANGUAGES), SOUNDS, CALLS, st.booleans())
@settings(max_examples=150, deadline=None)
def test_every_rule_says_one_of_four_things_of_any_call(data, language, sounds, given_, reviewed):
    call = call_of(120.0, language=language, **given_)
    talk = data.draw(said(language))
    standard, book = default_standard(), reviewed_phrasebook() if reviewed else phrasebook()
    turns, words, speech = perceived_of(talk, call, standard, 0.9)
    found = assess(call, turns, words, (*speech, *sounds), standard, book)
    rules = [finding for finding in found.findings if finding.stage != 'kpi']
    if turns:
        assert len(rules) == sum(rule.on and rule.decide is not None for rule in standard.rules)
    for finding in rules:
        assert finding.result in ('pass', 'fail', 'unknown', 'not_applicable'), finding
        assert (finding.score is not None) == (finding.result in ('pass', 'fail')), finding
        assert finding.score is None or 0.0 <= finding.score <= 1.0, finding
        assert finding.why, finding
        if finding.start_s is not None:
            assert -1.0 <= finding.start_s <= finding.end_s + 1e-6, finding
    for name in ('opening_score', 'hold_score', 'signoff_score', 'etiquette_score'):
        value = getattr(found.kpis[0], name)
        assert value is None or -1e-9 <= value <= 100 + 1e-9, (name, value)
    # Judged again from what is stored, it is judged the same.
    assert assess(call, turns, words, found.events, standard, book) == found


def test_words_that_were_said_while_an_announcement_played_have_no_rate():
    call = call_of(120.0, language='zh', transcriber='provided', transcript_trust='ok')
    standard = default_standard()
    turns, words, speech = perceived_of([
        (AGENT, 0.0, 0.2, '您 好 早 上 好 早 上 好'), (AGENT, 3.3, 3.5, '非 常 理 解 您 的 心 情'),
        (AGENT, 6.6, 6.8, '请 问 还 有 什 么 可 以 帮 您')], call, standard, 0.9)
    menu = event('ivr', 'announcement', 0.0, 3.5, AGENT)
    found = assess(call, turns, words, (*speech, menu), standard, phrasebook())
    (willingly,) = [f for f in found.findings if f.rule_id == 'closing-further-help-sincere']
    assert (willingly.result, willingly.why) == ('unknown', 'too few words for a rate')
