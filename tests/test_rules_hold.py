from dataclasses import replace

import pytest

from tests.calls_for_tests import event, judged
from tests.rules_for_tests import finding
from tests.standard_for_tests import default_standard, phrasebook, reviewed_phrasebook
from warehouse.records import AGENT, CALLER

HELLO = (AGENT, 0.0, 3.0, 'Good morning, how can I help you?')
NEED = (CALLER, 3.5, 8.0, 'I have a question about my tariff.')
REASON = 'Let me check that for you.'
ASK = 'May I ask you to hold for a moment?'
THANKS = 'Thank you for waiting. It is ten euros.'


def call(before=f'{REASON} {ASK}', yes='Yes.', length=42.0, after=THANKS, *, then=()):
    """A call with one wait: said before it, the caller's word, its seconds, said after it."""
    said = [HELLO, NEED]
    start = 14.0
    if before:
        said.append((AGENT, 8.4, 14.0, before))
    if yes:
        said.append((CALLER, 14.3, 14.9, yes))
        start = 14.9
    if after:
        said.append((AGENT, start + length, start + length + 3.0, after))
    return [*said, *then], start + length + 8.0


def of(rule, *args, **given):
    known = {key: given.pop(key) for key in ('before', 'yes', 'length', 'after', 'then')
             if key in given}
    said, duration = call(**known)
    return finding(f'hold-{rule}', said, duration, *args, **given)


def protocol(**changes):
    standard = default_standard()
    return replace(standard, hold_protocol=replace(standard.hold_protocol, **changes))


def parked(start, end):
    return {'holds': [{'start_s': start, 'end_s': end}]}


NO_WAIT = [HELLO, NEED, (AGENT, 8.4, 12.0, 'It is ten euros.')]
INDONESIAN = [(AGENT, 0.0, 3.0, 'Selamat pagi, ada yang bisa saya bantu?'),
              (CALLER, 3.5, 8.0, 'Saya mau tanya tarif.'),
              (AGENT, 8.4, 14.0, 'Saya cek terlebih dahulu. Mohon tunggu sebentar.'),
              (CALLER, 14.3, 14.9, 'Ya.'),
              (AGENT, 40.0, 44.0, 'Terima kasih sudah menunggu.')]


@pytest.mark.parametrize(('rule', 'given', 'result', 'score'), [
    ('gives-reason', {}, 'pass', 1.0),
    ('gives-reason', {'before': ASK}, 'fail', 0.0),
    ('asks-permission', {}, 'pass', 1.0),
    ('asks-permission', {'before': f'{REASON} Could you hold for a moment?'}, 'pass', 1.0),
    ('asks-permission', {'before': f'{REASON} One moment.'}, 'fail', 0.0),
    ('gets-consent', {}, 'pass', 1.0),
    ('gets-consent', {'yes': ''}, 'fail', 0.0),
    ('gets-consent', {'yes': "I can't wait."}, 'fail', 0.0),
    ('gives-time-limit', {'before': f'{REASON} Could you hold for a moment? '
                          'This will take about two minutes.'}, 'pass', 1.0),
    ('gives-time-limit', {}, 'pass', 0.5),
    ('gives-time-limit', {'before': REASON}, 'fail', 0.0),
    ('apology-before', {'before': f'I am sorry. {REASON} {ASK}'}, 'pass', 1.0),
    ('apology-before', {}, 'fail', 0.0),
    ('max-thirty-seconds', {'length': 20.0}, 'pass', 1.0),
    ('max-thirty-seconds', {}, 'fail', 0.0),
    ('max-thirty-seconds', {'length': 31.0}, 'unknown', None),
    ('over-limit-callback', {'length': 20.0}, 'not_applicable', None),
    ('over-limit-callback', {}, 'fail', 0.0),
    ('over-limit-callback', {'length': 31.0}, 'unknown', None),
    ('over-limit-callback', {'after': "I'll call you back."}, 'pass', 1.0),
    ('over-limit-callback', {'after': 'Please call us back later.'}, 'pass', 0.5),
    ('keeps-informed', {}, 'not_applicable', None),
    ('keeps-informed', {'length': 50.0}, 'pass', 1.0),
    ('keeps-informed', {'length': 50.0, 'before': ASK}, 'fail', 0.0),
    ('return-thanks', {}, 'pass', 1.0),
    ('return-thanks', {'after': 'It is ten euros.'}, 'fail', 0.0),
    ('return-thanks', {'after': ''}, 'not_applicable', None),
    ('return-apology', {'after': 'Sorry to keep you waiting.'}, 'pass', 1.0),
    ('return-apology', {'after': THANKS}, 'pass', 1.0),
    ('return-recap', {'length': 20.0}, 'not_applicable', None),
    ('return-recap', {'after': 'As I was saying, it is ten euros.'}, 'pass', 1.0),
    ('return-recap', {}, 'fail', 0.0),
    ('second-line-excuse', {}, 'not_applicable', None),
    ('second-line-excuse', {'before': 'I have another call on the other line. Sorry about that. '
                            "I'll be right back. One moment please."}, 'pass', 1.0),
    ('second-line-excuse', {'before': 'My other phone is ringing. Please hold.'}, 'fail', 0.0),
    ('slow-system-uses-hold', {}, 'pass', 1.0),
    ('open-line-discipline', {}, 'pass', 1.0),
    ('uses-hold-button', {}, 'not_applicable', None),
])
def test_a_wait_is_judged_by_what_is_said_before_in_and_after_it(rule, given, result, score):
    found = of(rule, **given)
    assert (found.result, found.score) == (result, score), found.why


@pytest.mark.parametrize('rule', [
    'gives-reason', 'asks-permission', 'gets-consent', 'gives-time-limit', 'apology-before',
    'max-thirty-seconds', 'over-limit-callback', 'keeps-informed', 'return-thanks',
    'return-apology', 'return-recap', 'stated-time-kept', 'open-line-discipline',
    'uses-hold-button', 'slow-system-uses-hold', 'second-line-excuse'])
def test_without_a_wait_the_rules_of_waits_ask_for_nothing(rule):
    assert finding(f'hold-{rule}', NO_WAIT, 14.0).result == 'not_applicable'


@pytest.mark.parametrize('rule', ['gives-reason', 'asks-permission', 'gives-time-limit',
                                  'return-thanks', 'apology-before', 'over-limit-callback'])
def test_words_that_are_not_believed_prove_no_fault(rule):
    found = finding(f'hold-{rule}', NO_WAIT, 70.0, metadata=parked(14.0, 60.0),
                    transcript_trust='low')
    assert found.result in ('unknown', 'not_applicable')
    said = [*NO_WAIT, (AGENT, 60.5, 62.0, 'It is ten.')]
    assert finding(f'hold-{rule}', said, 70.0, metadata=parked(14.0, 60.0),
                   transcript_trust='low').result == 'unknown'


def test_a_silence_that_may_have_been_announced_leaves_the_rules_of_waits_open():
    said, duration = call(before='It is ten euros.', yes='', length=20.0)
    assert finding('hold-gives-reason', said, duration, transcript_trust='low').result == 'unknown'
    assert finding('hold-gives-reason', said, duration).result == 'not_applicable'


def test_a_fault_is_shown_where_it_was_made():
    found = of('asks-permission', before=f'{REASON} One moment.')
    assert found.evidence == 'One moment.' and found.start_s == pytest.approx(12.4, abs=0.5)
    found = of('max-thirty-seconds')
    assert (found.start_s, found.end_s) == pytest.approx((14.9, 56.9))
    found = of('return-thanks')
    assert (found.speaker, found.evidence) == (AGENT, 'Thank you for waiting.')


def test_waits_are_judged_in_other_languages():
    results = {rule: finding(f'hold-{rule}', INDONESIAN, 46.0, language='id').score for rule in (
        'gives-reason', 'asks-permission', 'gets-consent', 'gives-time-limit', 'return-thanks')}
    assert results == {'gives-reason': 1.0, 'asks-permission': 1.0, 'gets-consent': 1.0,
                       'gives-time-limit': 0.5, 'return-thanks': 1.0}
    silent = [*INDONESIAN[:2], (AGENT, 8.4, 14.0, 'Mohon tunggu sebentar.'), *INDONESIAN[3:]]
    assert finding('hold-gives-reason', silent, 46.0, language='id').result == 'fail'


def test_a_draft_of_a_phrase_list_fails_nobody():
    found = of('gives-time-limit', before=REASON, book=phrasebook())
    assert found.result == 'unknown' and 'draft' in found.why


@pytest.mark.parametrize(('stated', 'length', 'result'), [
    ('one minute', 42.0, 'pass'), ('one minute', 100.0, 'fail'), ('30 seconds', 37.0, 'unknown'),
    ('a few seconds', 42.0, 'not_applicable')])
def test_who_names_a_time_returns_in_it(stated, length, result):
    before = f'{REASON} Could you hold for a moment? This will take about {stated}.'
    assert of('stated-time-kept', before=before, length=length).result == result


def test_the_end_of_a_wait_after_which_nobody_is_heard_is_not_sure():
    before = f'{REASON} Could you hold for a moment? This will take about one minute.'
    said, duration = call(before=before, after='')
    assert finding('hold-stated-time-kept', said, duration,
                   metadata=parked(15.0, 50.0)).result == 'unknown'


def test_a_caller_who_chose_to_wait_may_be_kept_longer():
    found = of('max-thirty-seconds', before=f"I'll call you back. {ASK}", yes='I will wait.')
    assert found.result == 'pass' and found.why == 'the caller chose to wait'


def test_a_standard_that_names_no_longest_hold_asks_for_none():
    for rule in ('max-thirty-seconds', 'over-limit-callback'):
        assert of(rule, standard=protocol(max_s=None)).result == 'not_applicable'


@pytest.mark.parametrize(('action', 'score'), [('agent_calls_back', 0.5), ('either', 1.0),
                                               ('customer_calls_back', 1.0)])
def test_who_is_to_call_back_is_the_standards(action, score):
    found = of('over-limit-callback', after='Please call us back later.',
               standard=protocol(over_limit_action=action))
    assert found.score == score


@pytest.mark.parametrize(('vague', 'result', 'score'), [
    ('full', 'pass', 1.0), ('half', 'pass', 0.5), ('none', 'fail', 0.0)])
def test_what_a_moment_counts_is_the_standards(vague, result, score):
    found = of('gives-time-limit', standard=protocol(vague_limit=vague))
    assert (found.result, found.score) == (result, score)


def test_thanks_and_apology_may_be_asked_for_each():
    strict = protocol(require_after=('thanks',))
    assert of('return-apology', standard=strict).result == 'not_applicable'
    assert of('return-thanks', after='Sorry to keep you waiting.', standard=strict).result == 'fail'


def test_an_open_line_is_no_hold_where_the_standard_forbids_it():
    closed = protocol(open_line_ok=False)
    assert of('uses-hold-button', standard=closed).result == 'unknown'
    said, duration = call()
    assert finding('hold-uses-hold-button', said, duration, standard=closed,
                   metadata=parked(15.0, 56.0)).result == 'pass'
    noise = [*said, (AGENT, 30.0, 30.2, '')]
    assert finding('hold-uses-hold-button', noise, duration, standard=closed).result == 'fail'


@pytest.mark.parametrize(('talk', 'after', 'result'), [
    ('What does that old man want again?', THANKS, 'fail'),
    ('What does that old man want again?', 'It is ten euros.', 'unknown'),
    ("I'm now checking your tariff.", THANKS, 'pass'), ('Oh well.', THANKS, 'pass')])
def test_side_talk_on_an_open_line_is_heard_by_the_caller(talk, after, result):
    said, duration = call(after=after)
    found = finding('hold-open-line-discipline', [*said, (AGENT, 30.0, 32.0, talk)], duration)
    assert found.result == result
    if result == 'fail':
        assert talk in found.why and found.start_s == pytest.approx(30.0)


@pytest.mark.parametrize(('then', 'result'), [('It is ten euros.', 'fail'), ('', 'not_applicable')])
def test_a_silence_of_the_agents_making_is_to_be_announced(then, result):
    said = [HELLO, NEED, (AGENT, 8.4, 11.0, 'I see your tariff.')]
    said += [(AGENT, 17.0, 19.0, then)] if then else [(CALLER, 17.0, 19.0, 'Is it ten euros?')]
    found = finding('hold-slow-system-uses-hold', said, 20.0)
    assert found.result == result
    if then:
        assert found.start_s == pytest.approx(11.0)
        assert finding('hold-slow-system-uses-hold', said, 20.0,
                       transcript_trust='low').result == 'unknown'


def score_of(*, standard=None, metadata='{}', **given):
    said, duration = call(**given)
    return judged(said, duration, book=reviewed_phrasebook(), standard=standard,
                  manifest=metadata).kpis[0].hold_score


def test_the_worked_example_of_a_hold_score():
    # reason 0.15, request 0.20, consent 0.05, "a moment" 0.075, 42 s 0.20 x 0.6, thanks 0.20
    assert score_of() == pytest.approx(100 * (.15 + .2 + .05 + .075 + .2 * .6 + .2) / .95)
    assert round(score_of(), 1) == 83.7


@pytest.mark.parametrize(('given', 'lost'), [
    ({'before': ASK}, .15),
    ({'before': f'{REASON} One moment.'}, .2),
    ({'yes': "I can't wait."}, .05),
    ({'before': f'{REASON} Could you hold? This will take about one minute. {ASK}'}, -.075),
    ({'length': 20.0}, -.2 * .4),
    ({'length': 75.0, 'after': THANKS}, .2 * .6 - .05),  # an update is due, and the reason is it
    ({'after': 'It is ten euros.'}, .2),
    ({'after': f"{THANKS} I'll call you back."}, -.2 * .25),
])
def test_each_element_of_a_hold_counts_its_weight(given, lost):
    whole = 1.0 if given.get('length', 0) >= 45 else .95
    assert score_of(**given) == pytest.approx(
        100 * (.15 + .2 + .05 + .075 + .2 * .6 + .2 - lost) / whole)


def test_what_a_standard_does_not_ask_for_is_no_element_of_the_hold_score():
    assert score_of(standard=protocol(require_before=('reason',), max_s=None,
                                      require_after=())) == 100.0
    assert score_of(standard=protocol(max_s=None)) == pytest.approx(
        100 * (.15 + .2 + .05 + .075 + .2) / .75)


def test_a_call_that_ends_in_the_wait_has_no_return():
    said, _ = call(after='')
    found = judged(said, 40.0, book=reviewed_phrasebook(), standard=protocol(max_s=None))
    assert found.kpis[0].hold_score == pytest.approx(100 * (.15 + .2 + .05 + .075) / .55)


def test_a_hold_that_nobody_announced_has_lost_what_comes_before_it():
    said = [HELLO, NEED, (AGENT, 8.4, 12.0, 'It is ten euros.'), (AGENT, 40.0, 43.0, THANKS)]
    found = judged(said, 45.0, book=reviewed_phrasebook(),
                   manifest='{"holds": [{"start_s": 14.0, "end_s": 39.0}]}')
    assert found.kpis[0].hold_score == pytest.approx(100 * (.2 + .2) / .95)


def test_a_call_without_a_wait_has_no_hold_score():
    assert judged(NO_WAIT, 14.0).kpis[0].hold_score is None


def test_music_is_a_hold_like_any_other():
    said, duration = call(length=20.0)
    found = finding('hold-max-thirty-seconds', said, duration,
                    (event('hold', 'music', 15.0, 34.0, CALLER),))
    assert found.result == 'pass'
