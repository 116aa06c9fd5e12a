import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.calls_for_tests import words_of
from tests.standard_for_tests import english, matcher
from transforms.phrases import Matcher, matcher_of, opening_score
from transforms.tokens import alike, distance, duration_end, tokenise
from warehouse.records import AGENT, CALLER, Words


def said(text: str, who: str = AGENT, turn: int = 0) -> Words:
    words = words_of([(who, 0.0, 0.5 * len(text.split()), text)])
    count = len(words)
    return Words(words.start_s, words.end_s, words.text, words.confidence, words.time_quality,
                 (turn,) * count, (who,) * count)


def found(text: str, who: str = AGENT) -> dict[str, str]:
    return {match.category: match.text for match in matcher().find(said(text, who))}


@pytest.mark.parametrize('category', sorted(english().categories))
def test_every_phrase_of_every_list_is_found_where_it_is_said(category):
    who = CALLER if category in english().caller_categories else AGENT
    for phrase in english().categories[category]:
        text = phrase.replace('{company}', 'Acme').replace('{name}', 'Maria')
        short = category == 'hold_time_limit'
        text = text.replace('{duration}', 'two minutes' if short else '24 hours')
        heard = matcher().find(said(text, who))
        assert category in {match.category for match in heard}, (text, heard)


@pytest.mark.parametrize('text, category', [
    ("I'm sorry to hear that.", 'empathy'),
    ('I am sorry to hear that', 'empathy'),
    ('We apologise for the inconvenience', 'apology'),
    ('Good bye!', 'farewell'),
    ('Is it all right if I put you on hold?', 'hold_permission'),
    ('I’ll call you back.', 'callback_commitment'),
    ('We cannot', 'banned_wording'),
    ('uh huh', 'backchannel'),
    ('Mm-hmm.', 'backchannel'),
    ('right, okay', 'backchannel'),
    ("I'll be back with you in 2-3 minutes", 'hold_time_limit'),
    ('someone will call you within a couple of business days', 'callback_commitment'),
])
def test_spelling_contractions_and_numbers_do_not_matter(text, category):
    assert category in found(text)


@pytest.mark.parametrize('heard', [
    'is there anything else i can help with',
    'is there anything else that i can help you with',
    'is there anything else i can help you',
    'is there anything else i could help you with',
    'is there anything elsa i can help you with',
    'is there um anything else i can help you with',
])
def test_one_slip_of_recognition_does_not_hide_a_long_phrase(heard):
    matches = [m for m in matcher().find(said(heard)) if m.category == 'further_help_question']
    assert [m.first_word for m in matches] == [0]
    assert 0.8 < matches[0].score < 1.0


@pytest.mark.parametrize('heard', [
    'do you have any other accounts',
    'could you leave me your keys',
    'i am not calling you back',
    'i will not call you back',
    'thank the caller for me',
    'may not transfer you',
])
def test_a_slip_never_changes_what_is_meant(heard):
    assert not set(found(heard)) & {'further_help_question', 'callback_commitment',
                                    'thanks_for_calling', 'transfer_permission'}


@pytest.mark.parametrize('text, wins, loses', [
    ('thank you for holding', 'hold_return_thanks', 'thanks'),
    ("may i ask who's calling", 'name_request_polite', 'name_request_banned'),
    ('could you say that again please', 'repeat_request_polite', 'repeat_request_banned'),
    ('anything else i can help you with', 'further_help_question', 'offer_of_help'),
    ('i am sorry for keeping you waiting', 'hold_return_apology', 'apology'),
])
def test_the_longest_phrase_wins(text, wins, loses):
    assert wins in found(text)
    assert loses not in found(text)


def test_thanks_for_calling_a_company_are_both_thanks_and_an_introduction():
    heard = found('Thank you for calling Acme')
    assert {'thanks_for_calling', 'company_introduction'} <= set(heard)


@pytest.mark.parametrize('text', ['make sure', 'right away', 'what a day', 'hello there'])
def test_what_counts_as_a_whole_turn_alone_is_not_found_inside_one(text):
    assert not set(found(text)) & {'backchannel', 'repeat_request_banned', 'banned_opening'}


def test_a_bare_hello_is_banned_in_the_first_turn_of_the_agent_alone():
    first, later = said('Hello?', turn=0), said('Hello?', turn=3)
    both = Words(*(a + b for a, b in zip(
        (first.start_s, first.end_s, first.text, first.confidence, first.time_quality,
         first.turn, first.speaker),
        (later.start_s, later.end_s, later.text, later.confidence, later.time_quality,
         later.turn, later.speaker), strict=True)))
    assert [m.first_word for m in matcher().find(both) if m.category == 'banned_opening'] == [0]


@pytest.mark.parametrize('text', [
    'thank you goodbye', 'my name is Anna', 'hold on one moment please'])
def test_the_words_of_the_caller_never_count_as_the_agents(text):
    assert found(text)
    assert not set(found(text, CALLER)) - english().caller_categories


def test_a_name_is_no_common_word_and_has_a_capital_where_there_are_any():
    assert 'self_introduction' in found('This is Maria')
    assert 'self_introduction' in found('this is maria')
    assert 'self_introduction' not in found('this is terrible')
    assert 'self_introduction' not in found('Well, this is wonderful')


def test_a_match_has_the_times_of_its_first_and_last_word():
    (match,) = [m for m in matcher().find(said('well then have a very nice day now'))
                if m.category == 'good_day_wish']
    assert (match.first_word, match.last_word, match.text) == (2, 6, 'have a very nice day')
    assert (match.start_s, match.end_s) == pytest.approx((1.0, 3.5))
    assert match.score == pytest.approx(0.98)


def test_words_in_nobodys_turn_say_nothing():
    assert not matcher().find(said('goodbye', turn=-1))


def test_without_a_known_company_this_is_somebody_introduces_a_person():
    bare = Matcher(english())
    heard = {m.category for m in bare.find(said('This is Maria'))}
    assert 'self_introduction' in heard
    assert 'company_introduction' not in heard
    assert 'company_introduction' in {
        m.category for m in bare.find(said('Thank you for calling Harbor Books'))}


@pytest.mark.parametrize('text', [
    'thank you for calling goodbye', 'thank you for calling good bye',
    'Thank you for calling. Bye.', 'thank you for calling take care',
    'Thank you for calling. All the best.'])
def test_a_farewell_is_not_taken_for_the_company(text):
    for compiled in (Matcher(english()), matcher()):
        heard = {m.category for m in compiled.find(said(text))}
        assert {'thanks_for_calling', 'farewell'} <= heard
        assert 'company_introduction' not in heard


def test_exact_words_leave_no_room_for_a_slip_and_a_guess():
    heard = found('thank you for waiting annual limit')
    assert 'hold_return_thanks' in heard
    assert not set(heard) & {'thanks_for_calling', 'company_introduction'}


@pytest.mark.parametrize('text, category, whole', [
    ('you have reached blue harbor bank', 'company_introduction',
     'you have reached blue harbor bank'),
    ('you have reached blue harbor bang', 'company_introduction',
     'you have reached blue harbor bang'),
    ('thank you for calling blue harbor bank how can i help', 'company_introduction',
     'thank you for calling blue harbor bank'),
    ('My name is Jane Miller and that is all', 'self_introduction', 'My name is Jane Miller'),
    ('Well. Jane Miller speaking.', 'self_introduction', 'Jane Miller speaking.'),
])
def test_a_name_or_company_is_taken_whole(text, category, whole):
    assert found(text)[category] == whole


def test_a_lexicon_is_compiled_once():
    assert matcher_of(english()) is matcher_of(english())


@pytest.mark.parametrize('text', [
    'Good morning, thank you for calling Acme. How can I help you?',
    'hello this is green energy how can i help you',
])
def test_an_agents_opening_scores_high(text):
    assert opening_score(words_of([(AGENT, 1.0, 5.0, text)]), matcher()) >= 0.5


@pytest.mark.parametrize('text', [
    "Hello, my name is Anna and I'm calling about my bill",
    'hi i ordered a book two weeks ago', 'yes please', '',
])
def test_a_callers_opening_scores_low(text):
    assert opening_score(words_of([(CALLER, 1.0, 5.0, text)]), matcher()) <= 0.2


def test_only_the_first_fifteen_seconds_are_an_opening():
    words = words_of([(AGENT, 0.0, 1.0, 'well yes'), (AGENT, 20.0, 24.0, 'how can i help you')])
    assert opening_score(words, matcher()) == 0.0


@given(st.lists(st.sampled_from(
    ['a', 'you', 'not', 'how', 'can', 'i', 'help', 'with', 'thanks', 'bye', 'uh']), max_size=30))
def test_matches_lie_inside_the_text_and_each_category_overlaps_itself_nowhere(words):
    matches = matcher().find(said(' '.join(words)))
    for match in matches:
        assert 0 <= match.first_word <= match.last_word < len(words)
        assert 0.0 < match.score <= 1.0
        assert match.text == ' '.join(words[match.first_word:match.last_word + 1])
    for a in matches:
        for b in matches:
            if a is not b and a.category == b.category:
                assert a.last_word < b.first_word or b.last_word < a.first_word


@given(st.text('abcd', max_size=6), st.text('abcd', max_size=6))
def test_distance_is_a_metric(a, b):
    assert distance(a, b) == distance(b, a)
    assert (distance(a, b) == 0) == (a == b)
    assert abs(len(a) - len(b)) <= distance(a, b) <= max(len(a), len(b))


def test_tokens_know_the_word_they_come_from():
    assert tokenise(["I'm", 'all', 'right', '-', '24-hour']) == (
        ['i', 'am', 'alright', '24', 'hour'], [0, 0, 1, 4, 4])


def test_a_duration_is_a_number_and_a_unit_of_the_right_size():
    text = ['about', 'a', 'couple', 'of', 'minutes', 'then']
    assert duration_end(text, 1, 'short') == 5
    assert duration_end(text, 1, 'long') is None
    assert duration_end(['a', 'moment'], 0, None) is None


def test_alike_are_words_of_nearly_the_same_letters():
    assert alike('question', 'questions')
    assert not alike('no', 'on')
