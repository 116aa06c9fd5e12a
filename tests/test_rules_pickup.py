import dataclasses

import pytest

from tests.calls_for_tests import call_of, event, lane_of, words_of
from tests.rules_for_tests import NOON, changed, found, known_companies
from tests.standard_for_tests import default_standard
from transforms.assess import measure
from transforms.rules.judge import judge
from transforms.turns import build_turns, speech_events
from warehouse.records import AGENT, CALLER


def rang(cycle_s=5.0, on_s=1.0, rings=2, cut_s=0.0, first_s=1.0, answer_after_s=0.4):
    """Ring events, and when the agent answers; `cut_s`: by so much the last ring is shorter."""
    at = [first_s + i * cycle_s for i in range(rings)]
    ends = [start + on_s for start in at[:-1]] + [at[-1] + on_s - cut_s]
    return tuple(event('ring', 'ringback', s, e) for s, e in zip(at, ends, strict=True)), \
        ends[-1] + answer_after_s


def talk(at):
    return [(AGENT, at, at + 3, 'Good morning, this is Acme, how can I help you?'),
            (CALLER, at + 3.4, at + 9, 'I have lost my card in York today and I need a new one.')]


def heard(rule, rings=2, standard=None, **given):
    ring_given = {k: given.pop(k) for k in ('cycle_s', 'on_s', 'cut_s', 'first_s') if k in given}
    events, answer = rang(rings=rings, **ring_given)
    return found(rule, talk(answer), answer + 12, events, standard=standard, **given)


def told(rule, seconds, standard=None, **given):
    stamp = f'2026-03-04T12:00:{int(seconds):02d}+00:00'
    manifest = {'ringing_at': '2026-03-04T12:00:00+00:00', 'answered_at': stamp,
                **given.pop('manifest', {})}
    return found(rule, talk(seconds + 0.5), seconds + 12, standard=standard, manifest=manifest,
                 started_at=NOON, **given)


THREE, FIVE, EARLY = ('pickup-within-three-rings', 'pickup-not-after-five-rings',
                      'pickup-not-instant')


def standard(**pickup):
    return changed('pickup', **pickup)


@pytest.mark.parametrize('rings, given, result', [
    (2, {}, 'pass'), (3, {}, 'pass'), (4, {}, 'fail'), (5, {'cycle_s': 3.0}, 'fail'),
    (4, {'cycle_s': 3.0, 'cut_s': 0.6}, 'pass'),  # ten seconds are the kinder limit
    (4, {'cycle_s': 3.0, 'standard': standard(rule='rings')}, 'fail'),
    (4, {'cycle_s': 3.0, 'standard': standard(rule='both')}, 'fail'),
    (3, {'standard': standard(rule='seconds')}, 'fail'),
    (4, {'standard': standard(max_rings=None, max_s=None)}, 'not_applicable'),
    (4, {'direction': 'outbound'}, 'not_applicable'), (2, {'direction': None}, 'unknown'),
    (2, {'first_s': 0.0}, 'unknown'),  # rings may have gone before the recording
    (4, {'first_s': 0.0, 'cycle_s': 6.0}, 'fail'),
])
def test_a_call_is_answered_by_the_third_ring_or_in_ten_seconds(rings, given, result):
    assert heard(THREE, rings, **given).result == result


@pytest.mark.parametrize('seconds, given, result', [
    (3, {}, 'pass'), (9, {}, 'pass'), (19, {}, 'fail'), (30, {}, 'fail'),
    (10, {}, 'unknown'),  # the phone system's whole seconds
    (14, {}, 'unknown'),  # three slow rings, or five quick ones
    (14, {'standard': standard(rule='seconds')}, 'fail'),
    (5, {'standard': standard(rule='rings')}, 'pass'),
])
def test_what_the_phone_system_tells_in_seconds_is_rings_of_any_cadence(seconds, given, result):
    assert told(THREE, seconds, **given).result == result


def test_a_late_answer_says_how_late_and_where():
    finding = heard(THREE, 4)
    assert (finding.score, finding.start_s, finding.end_s) == (0.0, 0.0, pytest.approx(17.4))
    assert finding.why == 'answered at ring 4, after 16.4 s'


def test_without_ringing_nothing_is_known_of_the_pickup():
    for rule in (THREE, FIVE):
        assert found(rule, talk(0.5), 14).result == 'unknown'


@pytest.mark.parametrize('rings, given, result, score', [
    (2, {}, 'pass', 1.0), (4, {}, 'pass', 0.5), (5, {'cut_s': 0.6}, 'pass', 0.5),
    (5, {}, 'fail', 0.0), (7, {}, 'fail', 0.0),
    (6, {'standard': standard(late_rings=None)}, 'not_applicable', None),
    (2, {'first_s': 0.0}, 'unknown', None),
])
def test_five_rings_heard_out_are_too_many(rings, given, result, score):
    finding = heard(FIVE, rings, **given)
    assert (finding.result, finding.score) == (result, score)


@pytest.mark.parametrize('seconds, result, score', [
    (5, 'pass', 1.0), (40, 'fail', 0.0), (13, 'unknown', None), (20, 'unknown', None),
])
def test_five_rings_in_seconds_are_as_long_as_the_slowest_cadence(seconds, result, score):
    finding = told(FIVE, seconds)
    assert (finding.result, finding.score) == (result, score)


@pytest.mark.parametrize('rings, given, result', [
    (2, {}, 'pass'), (1, {}, 'fail'), (2, {'cut_s': 0.6}, 'fail'), (3, {}, 'pass'),
    (2, {'first_s': 0.0}, 'pass'), (1, {'first_s': 0.0}, 'unknown'),
    (1, {'standard': standard(min_rings=None)}, 'not_applicable'),
])
def test_a_standard_may_ask_for_rings_to_be_heard_out(rings, given, result):
    assert heard(EARLY, rings, **{'standard': standard(min_rings=2), **given}).result == result


def test_after_two_rings_neither_sooner_nor_later():
    after_two = standard(rule='rings', max_rings=None, max_s=None, max_rings_done=2, min_rings=2)
    assert heard(THREE, 2, standard=after_two).result == 'pass'
    assert heard(THREE, 3, cut_s=0.6, standard=after_two).result == 'pass'
    assert heard(THREE, 3, standard=after_two).result == 'fail'


def menu(wait_s, length_s=15.0, rings=(), **given):
    end = 1.0 + length_s
    events = (event('ivr', 'announcement', 1.0, end), *rings)
    return found('pickup-ivr-wait-short', talk(end + wait_s), end + wait_s + 12, events, **given)


@pytest.mark.parametrize('wait_s, given, result', [
    (4.0, {}, 'pass'), (9.95, {}, 'unknown'), (25.0, {}, 'fail'),
    (12.0, {'rings': tuple(event('ring', 'ringback', s, s + 2) for s in (17.0, 23.0))}, 'pass'),
    (4.0, {'standard': standard(max_rings=None, max_s=None)}, 'not_applicable'),
])
def test_the_wait_after_the_recorded_menu_has_the_limits_of_the_pickup(wait_s, given, result):
    assert menu(wait_s, **given).result == result


def test_a_long_menu_is_told():
    finding = menu(25.0, length_s=31.0)
    assert (finding.start_s, finding.end_s) == (pytest.approx(32.0), pytest.approx(57.0))
    assert finding.why.endswith('the menu took 31 s, more than 20 s')


def test_an_answer_before_the_menu_is_over_leaves_no_wait():
    finding = menu(0.5, started_at=NOON, manifest={'answered_at': '2026-03-04T12:00:15+00:00'})
    assert finding.result == 'pass'
    assert (finding.start_s, finding.end_s) == (pytest.approx(15.0), pytest.approx(15.0))


def test_whether_there_was_a_menu_is_known_where_the_recording_begins_before_it_rang():
    assert found('pickup-ivr-wait-short', talk(0.5), 14).result == 'unknown'
    assert heard('pickup-ivr-wait-short', 2).result == 'not_applicable'
    assert told('pickup-ivr-wait-short', 5).result == 'not_applicable'


MACHINE = 'pickup-answering-machine-greeting'


def machine(text, person=(), **given):
    """A recorded announcement whose words are in the transcript, and a message left."""
    said = [*person, (CALLER, 12.0, 15.0, 'Please call me back when you can.')]
    agent, caller = lane_of(said, AGENT), lane_of(said, CALLER)
    agent = dataclasses.replace(agent, words=words_of([(AGENT, 1.0, 9.0, text), *person]))
    call = call_of(16.0, **given)
    book, standard = known_companies(), default_standard()
    turns, words = build_turns(agent, caller, standard, book.matcher('en'),
                               transcriber='provided', transcript_trust='ok')
    done = measure(call, turns, words, (*speech_events(agent, caller), event(
        'ivr', 'announcement', 1.0, 9.0)), standard, book)
    findings, _ = judge(call, turns, words, done.events, done.kpis[0], standard, book)
    return next(f for f in findings if f.rule_id == MACHINE)


@pytest.mark.parametrize('text, given, result', [
    ('Good evening, our office is closed, we are back tomorrow morning at nine.', {}, 'pass'),
    ('Our office is closed at present, we are back tomorrow morning at nine.', {}, 'fail'),
    ('Good evening, our office is closed at present, please leave a message.', {}, 'fail'),
    ('Closed.', {}, 'unknown'),
    ('Selamat malam, kantor kami sudah tutup, silakan hubungi lagi besok pagi.',
     {'language': 'id'}, 'pass'),
    ('Good evening, our office is closed, we are back tomorrow morning at nine.',
     {'person': [(AGENT, 9.5, 11.5, 'Hello, how can I help you?')]}, 'not_applicable'),
])
def test_an_answering_machine_greets_and_names_a_time(text, given, result):
    assert machine(text, **given).result == result


def test_a_call_without_an_announcement_has_no_answering_machine():
    assert found(MACHINE, talk(0.5), 14).result == 'not_applicable'
