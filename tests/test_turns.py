import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.calls_for_tests import call_of, lane_of, perceived_of, words_of
from tests.standard_for_tests import default_standard, english
from transforms.conversation import Lane
from transforms.intervals import union
from transforms.turns import build_turns, speech_events
from warehouse.records import AGENT, CALLER, Words

LONG = 'I ordered a book about trees two weeks ago and it has not come yet to my house'


def turns_of(said, **given):
    turns, words, _ = perceived_of(said, call_of(60.0, **given))
    return turns, words


def test_turns_alternate_and_have_their_words():
    turns, words = turns_of([(AGENT, 0.0, 1.0, 'Good morning.'), (CALLER, 1.5, 2.5, 'Hi there you'),
                             (AGENT, 3.0, 4.0, 'Yes?')])
    assert [(t.turn, t.speaker, t.text, t.word_count) for t in turns] == [
        (0, AGENT, 'Good morning.', 2), (1, CALLER, 'Hi there you', 3), (2, AGENT, 'Yes?', 1)]
    assert words.turn == (0, 0, 1, 1, 1, 2)
    assert words.speaker == (AGENT, AGENT, CALLER, CALLER, CALLER, AGENT)


def test_a_pause_of_three_seconds_does_not_end_a_turn_and_a_longer_one_does():
    short, _ = turns_of([(AGENT, 0.0, 1.0, 'let me see'), (AGENT, 4.0, 5.0, 'here it is')])
    long, _ = turns_of([(AGENT, 0.0, 1.0, 'let me see'), (AGENT, 4.1, 5.0, 'here it is')])
    assert [(t.start_s, t.end_s) for t in short] == [(0.0, 5.0)]
    assert [(t.start_s, t.end_s) for t in long] == [(0.0, 1.0), (4.1, 5.0)]


def test_a_turn_ends_where_the_other_takes_the_floor():
    turns, _ = turns_of([(AGENT, 0.0, 1.0, 'is it red'), (CALLER, 1.2, 2.0, 'no it is blue'),
                         (AGENT, 2.2, 3.0, 'then I know')])
    assert [t.speaker for t in turns] == [AGENT, CALLER, AGENT]


def test_a_listening_signal_is_a_turn_of_its_own_and_splits_nobodys():
    turns, words = turns_of([(CALLER, 0.0, 8.0, LONG), (AGENT, 3.0, 3.4, 'Okay.')])
    assert [(t.speaker, t.is_backchannel) for t in turns] == [(CALLER, False), (AGENT, True)]
    assert turns[0].word_count == len(LONG.split())
    assert words.turn.count(1) == 1


def test_a_signal_in_a_short_pause_of_the_other_is_still_one():
    turns, _ = turns_of([(CALLER, 0.0, 4.0, LONG), (AGENT, 4.15, 4.5, 'mhm'),
                         (CALLER, 4.7, 8.0, LONG)])
    assert [(t.speaker, t.is_backchannel, t.end_s) for t in turns] == [
        (CALLER, False, 8.0), (AGENT, True, 4.5)]


def test_yes_to_a_question_is_an_answer_not_a_signal():
    turns, _ = turns_of([(AGENT, 0.0, 2.0, 'Is your name Anna Smith?'), (CALLER, 2.2, 2.5, 'Yes.'),
                         (AGENT, 2.7, 6.0, 'Then I have found your order here.')])
    assert [t.is_backchannel for t in turns] == [False, False, False]


def test_words_with_meaning_are_no_signal_where_they_can_be_believed():
    said = [(CALLER, 0.0, 8.0, LONG), (AGENT, 3.0, 3.6, 'Wrong number.')]
    believed, _ = turns_of(said)
    unheard, _ = turns_of(said, transcript_trust='low')
    weak, _ = turns_of(said, transcriber='pocketsphinx')
    assert [t.is_backchannel for t in believed] == [False, False]
    assert [t.is_backchannel for t in unheard] == [t.is_backchannel for t in weak] == [False, True]


def test_without_words_a_long_or_loud_sound_inside_the_others_talk_is_no_signal():
    def signals(length_s, louder_db):
        said = [(CALLER, 0.0, 8.0, LONG), (AGENT, 3.0, 3.0 + length_s, '')]
        turns, _ = build_turns(
            lane_of(said, AGENT), lane_of(said, CALLER), default_standard(), english(),
            transcriber='none', transcript_trust='none',
            loudness={AGENT: lambda span: louder_db})
        return any(turn.is_backchannel for turn in turns)
    assert signals(0.3, 2.0) and signals(1.0, -4.0)
    assert not signals(0.3, 5.0) and not signals(1.0, 0.0)


def test_who_begins_with_the_other_or_right_after_is_not_listening():
    turns, _ = turns_of([(CALLER, 0.0, 8.0, LONG), (AGENT, 0.2, 0.6, 'Right.')])
    assert not any(turn.is_backchannel for turn in turns)


def test_the_last_word_of_a_turn_is_no_signal():
    turns, _ = turns_of([(CALLER, 0.0, 3.0, LONG), (AGENT, 2.8, 3.2, 'Okay.')])
    assert not any(t.is_backchannel for t in turns)


def test_a_word_stretched_by_the_aligner_does_not_stretch_the_turn():
    words = Words((0.0, 0.5), (0.5, 6.0), ('see', 'you'), (0.9, 0.9), ('aligned',) * 2,
                  (-1, -1), ('', ''))
    turns, _ = build_turns(Lane(0, ((0.0, 1.0),), (), words), Lane(1), default_standard(),
                           english(), transcriber='whisperx', transcript_trust='ok')
    assert turns[0].end_s == 1.0 + default_standard().turns.word_slack_s


def test_a_word_that_voice_activity_missed_is_speech_if_it_was_heard_well():
    def ends(score):
        words = Words((0.0, 2.0), (0.9, 2.3), ('so', 'yes'), (0.9, score), ('aligned',) * 2,
                      (-1, -1), ('', ''))
        turns, placed = build_turns(
            Lane(0, ((0.0, 1.0),), (), words), Lane(1), default_standard(), english(),
            transcriber='whisperx', transcript_trust='ok')
        return turns[-1].end_s, placed.turn
    assert ends(0.9) == (2.3, (0, 0))
    assert ends(0.2) == (1.0, (0, -1))


def test_untimed_words_stay_where_they_were_said():
    words = Words((0.0, None, 0.6), (0.3, None, 1.0), ('in', '2014', 'then'), (0.9, None, 0.8),
                  ('aligned', 'none', 'aligned'), (-1,) * 3, ('',) * 3)
    turns, placed = build_turns(Lane(0, ((0.0, 1.0),), (), words), Lane(1), default_standard(),
                                english(), transcriber='whisperx', transcript_trust='ok')
    assert turns[0].text == 'in 2014 then'
    assert placed.text == ('in', '2014', 'then')
    assert placed.start_s == (0.0, None, 0.6)
    assert abs(turns[0].confidence - 0.85) < 1e-9


def test_words_that_leaked_in_from_the_other_lane_belong_to_nobody():
    said = [(AGENT, 0.0, 2.0, 'we are open until six')]
    leak = Lane(1, (), ((0.0, 2.0),), words_of([(CALLER, 0.1, 1.9, 'open until six')]))
    turns, words = build_turns(lane_of(said, AGENT), leak, default_standard(), english(),
                               transcriber='provided', transcript_trust='ok')
    assert [t.speaker for t in turns] == [AGENT]
    assert {turn for turn, who in zip(words.turn, words.speaker, strict=True)
            if who == CALLER} == {-1}


def test_speech_and_bleed_are_stored_as_they_were_heard():
    events = speech_events(Lane(0, ((1.0, 2.0),), ((3.0, 4.0),)), Lane(1, ((0.5, 2.0),)))
    assert [(e.event, e.kind, e.label, e.speaker, e.start_s) for e in events] == [
        (0, 'speech', '', CALLER, 0.5), (1, 'speech', '', AGENT, 1.0),
        (2, 'speech', 'bleed', AGENT, 3.0)]


spans = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=12).map(
    lambda rows: tuple(union((a / 10, (a + n) / 10) for a, n in rows)))


@given(spans, spans)
def test_all_speech_lies_in_a_turn_of_its_speaker_and_turns_are_in_order(agent, caller):
    turns, _ = build_turns(Lane(0, agent), Lane(1, caller), default_standard(), english(),
                           transcriber='none', transcript_trust='none')
    assert [t.turn for t in turns] == list(range(len(turns)))
    key = [(t.start_s, t.end_s, t.speaker) for t in turns]
    assert key == sorted(key)
    for who, lane in ((AGENT, agent), (CALLER, caller)):
        own = [(t.start_s, t.end_s) for t in turns if t.speaker == who]
        assert all(any(s <= a and b <= e for s, e in own) for a, b in lane)
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(own))


@given(spans, spans)
def test_swapping_the_lanes_swaps_the_speakers_and_nothing_else(agent, caller):
    def shape(a, b, first):
        turns, _ = build_turns(Lane(0, a), Lane(1, b), default_standard(), english(),
                               transcriber='none', transcript_trust='none')
        return sorted((t.start_s, t.end_s, t.is_backchannel, (t.speaker == AGENT) == first)
                      for t in turns)
    assert shape(agent, caller, True) == shape(caller, agent, False)
