import pytest

from tests.calls_for_tests import event
from tests.rules_for_tests import finding
from tests.standard_for_tests import phrasebook
from warehouse.records import AGENT, CALLER

HELLO = (AGENT, 0.0, 3.0, 'Good morning, how can I help you?')
NEED = (CALLER, 3.5, 8.0, 'I would like to change the delivery address of my last order.')
LONG = 'the parcel that I ordered three weeks ago from your shop in York has never come ' * 3


def talk(*turns, start=8.4, length=3.0, pause=0.4):
    """A greeting, a request, and then turns: texts that begin with `A:` or `C:`."""
    said, at = [HELLO, NEED], start
    for turn in turns:
        who, _, text = turn.partition(':')
        said.append((AGENT if who == 'A' else CALLER, at, at + length, text.strip()))
        at += length + pause
    return said, at + 1.0


def of(rule, said, **given):
    return finding(f'listening-{rule}', *said, **given)


def answered_after(gap, text='It is no trouble at all, I have changed it.'):
    return [HELLO, NEED, (AGENT, 8.0 + gap, 11.0 + gap, text), (CALLER, 11.4 + gap, 12.0 + gap,
                                                               'Thanks.')], 14.0 + gap


@pytest.mark.parametrize(('gap', 'result', 'score'), [
    (1.0, 'pass', 1.0), (3.0, 'pass', 0.75), (5.0, 'pass', 0.5), (6.9, 'pass', 0.5),
    (7.0, 'fail', 0.0), (12.0, 'fail', 0.0)])
def test_an_answer_within_seven_seconds_passes_and_counts_less_the_later_it_comes(
        gap, result, score):
    found = of('no-response-seven-seconds', answered_after(gap))
    assert (found.result, found.score) == (result, score)
    assert (found.start_s, found.end_s) == pytest.approx((8.0, 8.0 + gap))
    assert found.evidence.startswith('I would like')


def test_an_answer_is_not_missed_where_who_speaks_or_what_was_said_is_not_known():
    late = answered_after(9.0)
    assert of('no-response-seven-seconds', late, lane_source='diarized').result == 'unknown'
    assert of('no-response-seven-seconds', late, transcript_trust='low').result == 'unknown'
    assert of('no-response-seven-seconds', ([HELLO], 5.0)).result == 'not_applicable'


@pytest.mark.parametrize(('gaps', 'result'), [
    ([0.4, 0.4], 'pass'), ([2.5, 0.4], 'fail'), ([4.5, 0.4], 'fail')])
def test_silences_are_rare_and_short(gaps, result):
    said, duration = [HELLO, NEED], 8.0
    for gap in gaps:
        said.append((AGENT, duration + gap, duration + gap + 3.0, 'It was sent to you.'))
        duration += gap + 3.0
    found = of('no-dead-air', (said, duration + 1.0))
    assert found.result == result, found.why
    if result == 'fail':
        assert found.start_s == pytest.approx(8.0) and '1 of 2 s' in found.why


def test_a_silence_counts_against_nobody_where_it_may_have_been_announced():
    said = [HELLO, NEED, (AGENT, 13.0, 16.0, 'It was sent to you.')]
    assert of('no-dead-air', (said, 17.0), transcript_trust='low').result == 'unknown'
    assert of('no-dead-air', ([HELLO], 5.0)).result == 'unknown'
    asked = [HELLO, NEED, (AGENT, 8.4, 10.0, 'One moment please.'), (AGENT, 16.0, 19.0, 'Yes.')]
    assert of('no-dead-air', (asked, 20.0)).result == 'pass'


@pytest.mark.parametrize(('signals', 'result', 'score'), [
    ([10.0, 25.0], 'pass', 1.0), ([10.0], 'fail', 0.0), ([], 'fail', 0.0)])
def test_a_long_turn_of_the_caller_is_listened_to_with_signals(signals, result, score):
    said = [HELLO, (CALLER, 3.5, 36.0, LONG), (AGENT, 37.0, 40.0, 'I see.'),
            *((AGENT, at, at + 0.4, 'mhm') for at in signals)]
    found = of('backchannels', (said, 41.0))
    assert (found.result, found.score) == (result, score)
    assert of('backchannels', (said, 41.0), lane_source='diarized').result == 'unknown'


def test_short_turns_of_the_caller_need_no_signals():
    assert of('backchannels', talk('A: Yes.')).result == 'not_applicable'


def interrupted(times):
    said = [HELLO]
    for i in range(4):
        start = 4.0 + 20.0 * i
        cut = i < times
        said.append((CALLER, start, start + 15.0, LONG))
        said.append((AGENT, start + (8.0 if cut else 15.5), start + (19.0 if cut else 17.0),
                     'No that is not what we do here at all, you have to listen to me'))
    return said, 85.0


def test_who_cuts_the_caller_off_fails_and_the_score_falls_with_the_rate():
    none, often = (of('no-interruption', interrupted(n)) for n in (0, 4))
    assert (none.result, none.score) == ('pass', 1.0)
    assert often.result == 'fail' and 0.0 <= often.score < 0.5
    assert often.speaker == AGENT and often.start_s == pytest.approx(12.0)
    assert of('no-interruption', interrupted(4), lane_source='diarized').result == 'unknown'
    assert of('no-interruption', ([HELLO], 4.0)).result == 'not_applicable'


FIELD = 'A: What is the number of your last order, please?'
FILL = ['A: It was sent on Monday to your old house.', 'C: That is too bad, I moved out.'] * 6


def test_a_question_that_was_answered_is_not_asked_again():
    twice = talk(FIELD, 'C: It is twelve.', *FILL, FIELD, 'C: Twelve.')
    found = of('no-repeated-question', twice)
    assert found.result == 'fail' and found.evidence == FIELD[3:]
    assert of('no-repeated-question', talk(FIELD, 'C: It is twelve.', *FILL)).result == 'pass'
    unheard = talk(FIELD, 'C: It is twelve.', 'A: Could you please repeat that?', *FILL, FIELD)
    assert of('no-repeated-question', unheard).result == 'pass'
    assert of('no-repeated-question', twice, transcript_trust='low').result == 'unknown'
    plain = ([(who, a, b, text.replace('?', '').replace('.', '')) for who, a, b, text in twice[0]],
             twice[1])
    assert of('no-repeated-question', plain).result == 'unknown'


def test_polite_formulas_may_be_repeated():
    more = 'A: Is there anything else I can help you with today?'
    assert of('no-repeated-question', talk(more, 'C: Yes.', *FILL, more)).result == 'pass'


def test_the_number_that_the_phone_system_shows_is_not_asked_for():
    asks = talk("A: What's your phone number?")
    assert of('no-known-data-question', asks).result == 'not_applicable'
    assert of('no-known-data-question', asks, caller_id='+1555').result == 'fail'
    named = {'caller_name': 'Ann Lee'}  # a name is asked for to verify who calls
    assert of('no-known-data-question', asks, metadata=named).result == 'not_applicable'
    quiet = talk('A: I have changed it.')
    assert of('no-known-data-question', quiet, caller_id='+1555').result == 'pass'
    assert of('no-known-data-question', quiet, caller_id='+1555',
              book=phrasebook()).result == 'unknown'


POLITE = 'A: Could you please repeat that?'
RUDE = 'A: What did you say?'


@pytest.mark.parametrize(('turns', 'result', 'score'), [
    ([POLITE, 'C: My order.'], 'pass', 1.0), ([RUDE, 'C: My order.'], 'fail', 0.0),
    ([POLITE, 'C: My order.', RUDE], 'fail', 0.5), (['A: I see.'], 'not_applicable', None)])
def test_a_repeat_is_asked_for_politely(turns, result, score):
    found = of('asks-repeat-politely', talk(*turns))
    assert (found.result, found.score) == (result, score)
    rude = of('no-rude-repeat', talk(*turns))
    assert rude.result == ('fail' if RUDE in turns else 'pass')
    if RUDE in turns:
        assert rude.evidence == RUDE[3:] and rude.start_s is not None


def test_words_that_are_not_believed_hide_requests_to_repeat():
    for rule in ('asks-repeat-politely', 'no-rude-repeat', 'partial-unheard-confirms'):
        assert of(rule, talk('A: I see.'), transcript_trust='low').result == 'unknown'


def test_fragments_that_were_confirmed_are_counted_and_never_fail():
    echo = of('partial-unheard-confirms', talk(POLITE, 'C: Twelve.', 'A: Did you say twelve?'))
    assert (echo.result, echo.score) == ('pass', 0.5)
    assert of('partial-unheard-confirms', talk(POLITE)).score == 0.0
    assert of('partial-unheard-confirms', talk('A: I see.')).result == 'not_applicable'


def silent_caller(text):
    return [HELLO, (AGENT, 7.0, 9.0, 'Good morning, who is it?'), (AGENT, 13.0, 16.0, text)], 30.0


def test_a_silent_caller_is_told_that_nothing_is_heard():
    told = of('customer-inaudible-procedure', silent_caller("I can't hear you."))
    assert told.result == 'pass' and told.start_s == pytest.approx(13.0, abs=0.1)
    assert of('customer-inaudible-procedure', silent_caller('So then.')).result == 'fail'
    assert of('customer-inaudible-procedure', silent_caller('So then.'),
              transcript_trust='low').result == 'unknown'
    assert of('customer-inaudible-procedure', talk('A: I see.')).result == 'not_applicable'


@pytest.mark.parametrize(('turns', 'result'), [
    (["C: I can't hear you.", 'A: Hello?', "C: I can't hear you.", "A: I'll call you back."],
     'pass'),
    (["C: I can't hear you.", 'A: Hello?', "C: I can't hear you.", 'A: So it was sent.'], 'fail'),
    (["C: I can't hear you.", 'A: Is it better now?'], 'not_applicable'),
    (['A: I see.'], 'not_applicable')])
def test_who_cannot_be_heard_twice_calls_back(turns, result):
    assert of('agent-inaudible-callback', talk(*turns)).result == result
    assert of('agent-inaudible-callback', talk('A: I see.'), book=phrasebook()).result == 'unknown'


@pytest.mark.parametrize(('turns', 'result'), [
    (['A: Do I understand you correctly, a new address?', 'C: Yes.'], 'pass'),
    (['A: The delivery address of your last order, right.', 'C: Yes.'], 'pass'),
    (['A: The delivery address of your last order, right.'], 'fail'),
    (['A: We shall see.', 'C: Yes.'], 'fail')])
def test_a_request_is_repeated_in_other_words_and_confirmed(turns, result):
    assert of('paraphrase', talk(*turns)).result == result


def test_what_is_no_request_or_not_known_is_not_to_be_paraphrased():
    brief = [HELLO, (CALLER, 3.5, 4.0, 'My order.'), (AGENT, 4.5, 6.0, 'We shall see.')], 7.0
    assert of('paraphrase', brief).result == 'not_applicable'
    assert of('joining-phrase', brief).result == 'not_applicable'
    assert of('paraphrase', talk('A: We shall see.'), book=phrasebook()).result == 'unknown'
    assert of('paraphrase', brief, transcript_trust='low').result == 'unknown'


def test_a_request_in_japanese_is_paraphrased_in_its_words():
    said = [(AGENT, 0.0, 3.0, ' '.join('お電話ありがとうございます')),
            (CALLER, 3.5, 9.0, ' '.join('先週注文した商品の配送先住所を変更したいのですが')),
            (AGENT, 9.5, 13.0, ' '.join('注文商品の配送先住所の変更ですね')),
            (CALLER, 13.4, 14.0, ' '.join('はい'))]
    assert of('paraphrase', (said, 15.0), language='ja').result == 'pass'
    other = [*said[:2], (AGENT, 9.5, 13.0, ' '.join('そうですか')), said[3]]
    assert of('paraphrase', (other, 15.0), language='ja').result == 'fail'


NUMBER = 'C: It is five five one two three.'


@pytest.mark.parametrize(('reply', 'result'), [
    ('A: So that is 55123.', 'pass'), ('A: Let me read that back to you.', 'pass'),
    ('A: Very well, thank you for that.', 'fail'), ('A: So that is 55124.', 'fail')])
def test_a_number_that_the_caller_gives_is_read_back(reply, result):
    found = of('confirms-recorded-data', talk('A: Which order?', NUMBER, reply))
    assert found.result == result
    assert found.evidence == NUMBER[3:]


def test_numbers_that_were_taken_out_or_never_given_are_not_asked_back():
    assert of('confirms-recorded-data', talk('A: I see.')).result == 'not_applicable'
    hidden = talk('A: Your card?', 'C: It is [card] [card]', 'A: Thanks.')
    assert of('confirms-recorded-data', hidden).result == 'unknown'
    assert of('confirms-recorded-data', hidden, transcript_trust='low').result == 'unknown'


def test_a_number_in_mandarin_is_read_back():
    said = [(AGENT, 0.0, 2.0, ' '.join('您好请问号码是多少')),
            (CALLER, 2.5, 6.0, ' '.join('号码是一三八零零')),
            (AGENT, 6.5, 9.0, ' '.join('一三八零零对吗'))]
    assert of('confirms-recorded-data', (said, 10.0), language='zh').result == 'pass'
    said[2] = (AGENT, 6.5, 9.0, ' '.join('好的收到'))
    assert of('confirms-recorded-data', (said, 10.0), language='zh').result == 'fail'


@pytest.mark.parametrize(('turns', 'result'), [
    (['A: And where would you like to have it?', *FILL], 'pass'),
    (['A: Is it this one?', *FILL], 'fail')])
def test_an_open_question_is_asked_early(turns, result):
    found = of('open-questions', talk(*turns))
    assert found.result == result
    assert of('open-questions', talk(*turns), transcript_trust='low').result == 'unknown'
    assert of('open-questions', ([HELLO], 4.0)).result == 'not_applicable'


def test_one_question_is_asked_at_a_time():
    good = of('one-question-at-a-time', talk('A: Is it red?', 'C: Yes.'))
    assert (good.result, good.score) == ('pass', 1.0)
    poor = of('one-question-at-a-time', talk('A: Is it red? Is it big?', 'C: Yes.'))
    assert (poor.result, poor.score) == ('fail', 0.5)
    assert poor.evidence == 'Is it red? Is it big?'
    none = [(AGENT, 0.0, 3.0, 'Good morning.'), NEED], 9.0
    assert of('one-question-at-a-time', none).result == 'not_applicable'
    bare = [(AGENT, 0.0, 3.0, 'good morning how can i help you'), NEED], 9.0
    assert of('one-question-at-a-time', bare).result == 'unknown'


@pytest.mark.parametrize(('text', 'why', 'imperative'), [
    ('A: Why did you do that?', 'fail', 'pass'), ('A: Tell me your number.', 'pass', 'fail'),
    ('A: Please tell me your number.', 'pass', 'pass'), ('A: I see.', 'pass', 'pass')])
def test_causes_and_clarifications_are_asked_for_gently(text, why, imperative):
    assert of('no-why', talk(text)).result == why
    assert of('no-imperative', talk(text)).result == imperative
    assert of('no-imperative', talk('A: I see.'), book=phrasebook()).result == 'unknown'


@pytest.mark.parametrize(('text', 'result'), [
    ('A: Yes, of course. Where to?', 'pass'), ('A: Where to?', 'fail')])
def test_an_answer_begins_with_agreement(text, result):
    assert of('joining-phrase', talk(text)).result == result
    assert of('joining-phrase', talk(text), transcript_trust='low').result == 'unknown'


def waiting(text):
    return [HELLO, NEED, (AGENT, 8.4, 12.0, text), (AGENT, 22.0, 24.0, 'Thanks for waiting.')], 25.0


def test_in_a_wait_the_caller_is_told_what_is_being_done():
    assert of('keeps-informed-of-steps', waiting("I'm now checking, please hold.")).result == 'pass'
    assert of('keeps-informed-of-steps', waiting('Please hold.')).result == 'fail'
    assert of('keeps-informed-of-steps', waiting('Please hold.'),
              book=phrasebook()).result == 'unknown'
    assert of('keeps-informed-of-steps', talk('A: I see.')).result == 'not_applicable'


@pytest.mark.parametrize(('text', 'result'), [
    ("A: I'm not sure. Let me check that for you.", 'pass'), ("A: I'm not sure.", 'fail'),
    ('A: I see.', 'not_applicable')])
def test_who_does_not_know_finds_out(text, result):
    found = of('unknown-not-fobbed-off', talk(text, 'C: Okay.'))
    assert found.result == result
    if result == 'fail':
        assert found.evidence == "I'm not sure."


def test_who_does_not_know_finds_out_in_indonesian():
    said = [(AGENT, 0.0, 3.0, 'Selamat pagi.'), (CALLER, 3.5, 6.0, 'Kapan barangnya sampai?'),
            (AGENT, 6.4, 9.0, 'Saya kurang tahu. Saya cek terlebih dahulu.')]
    assert of('unknown-not-fobbed-off', (said, 10.0), language='id').result == 'pass'
    said[2] = (AGENT, 6.4, 9.0, 'Saya kurang tahu.')
    assert of('unknown-not-fobbed-off', (said, 10.0), language='id').result == 'fail'


def test_longer_answers_that_end_with_a_question_are_counted():
    tell = 'It was sent on Monday from our shop in York and it is now on its way to you'
    asks = of('proactive-questions', talk(f'A: {tell}, is that all right?'))
    assert (asks.result, asks.score) == ('pass', 1.0)
    assert of('proactive-questions', talk(f'A: {tell}.')).score == 0.0
    assert of('proactive-questions', talk('A: Yes.')).result == 'not_applicable'
    assert of('proactive-questions', talk('A: Yes.'), transcript_trust='low').result == 'unknown'


@pytest.mark.parametrize(('text', 'result'), [
    ('A: To sum up, we send it to York.', 'pass'), ('A: We send it to York.', 'fail')])
def test_the_result_is_stated_at_the_end(text, result):
    assert of('summarises-result', talk('A: I see.', 'C: Yes.', text)).result == result
    assert of('summarises-result', talk('A: I see.'), book=phrasebook()).result == 'unknown'


def test_much_leaked_sound_hides_who_interrupts():
    said, duration = interrupted(0)
    leaked = event('speech', 'bleed', 5.0, 12.0, AGENT)
    assert of('no-interruption', (said, duration, (leaked,))).result == 'unknown'
