from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls_for_tests import event, judged
from tests.standard_for_tests import default_standard
from transforms.intervals import intersect, union
from transforms.overlaps import INTERRUPTIONS, Voices, find_overlaps
from transforms.talk import NONE, LaneWords, Talk
from warehouse.records import AGENT, CALLER, Turn

LONG = 'I ordered a book about trees two weeks ago and it has not come yet to my'  # unfinished
DONE = 'I ordered a book about trees two weeks ago and it has not come yet to me.'
MORE = 'Let me stop you right there because I can see all of this on my screen.'


def overlaps(said, **given):
    return [(e.label, e.speaker) for e in judged(said, 60.0, **given).events if e.kind == 'overlap']


def one(said, **given):
    (found,) = [e for e in judged(said, 60.0, **given).events if e.kind == 'overlap']
    return found


CASES = {
    'backchannel': [(CALLER, 0, 8, DONE), (AGENT, 3, 3.4, 'Right.')],
    'terminal': [(CALLER, 0, 6, DONE), (AGENT, 5.7, 9, MORE)],
    'dual_start': [(CALLER, 0, 3, 'So that is it.'), (AGENT, 4.0, 7, MORE),
                   (CALLER, 4.1, 7.5, LONG)],
    'choral': [(CALLER, 0, 6, 'the number is of course four seven one nine yes it is'),
               (AGENT, 2.6, 4.5, 'four seven one nine')],
    'completion': [(CALLER, 0, 6, 'it was delivered to the um address of my mother in York'),
                   (AGENT, 2.95, 3.9, 'the neighbour')],
    'overlap_complete': [(CALLER, 0, 6, DONE), (AGENT, 5.0, 9, MORE)],
    'interruption_taken': [(CALLER, 0, 6, LONG), (AGENT, 5.0, 9, MORE)],
    'interruption_failed': [(CALLER, 0, 8, DONE), (AGENT, 3, 4.4, 'you have to wait a minute')],
    'contested': [(CALLER, 0, 5, DONE), (AGENT, 3, 8, MORE), (CALLER, 5.7, 9, DONE)],
    'brief': [(CALLER, 0, 8, DONE), (AGENT, 3, 3.25, 'Wrong one')],
}


@pytest.mark.parametrize('label', CASES)
def test_each_class_of_overlap_is_told(label):
    first = overlaps(CASES[label])[0]
    assert first == (label, CALLER if label == 'dual_start' else AGENT)


@pytest.mark.parametrize('label', CASES)
def test_only_interruptions_are_counted_as_interruptions(label):
    kpis = judged(CASES[label], 60.0).kpis[0]
    assert (kpis.agent_interruptions > 0) == (label in INTERRUPTIONS)


def test_the_leak_of_the_other_lane_is_bleed_and_nothing_else():
    said = [(CALLER, 0, 8, DONE)]
    found = judged(said, 60.0, (event('speech', 'bleed', 2.0, 3.0, AGENT),))
    assert [(e.label, e.speaker) for e in found.events if e.kind == 'overlap'] == [('bleed', AGENT)]
    assert found.kpis[0].overlap_s == 0.0
    assert found.kpis[0].agent_talk_s == 0.0


def test_an_interruption_of_less_than_half_a_second_is_an_event_but_not_counted():
    found = judged([(CALLER, 0, 6, LONG), (AGENT, 5.55, 9, MORE)], 60.0)
    labels = [e.label for e in found.events if e.kind == 'overlap']
    assert labels == ['interruption_taken']
    assert found.kpis[0].agent_interruptions == 0


@pytest.mark.parametrize('given', [{'transcript_trust': 'low'}, {'transcriber': 'pocketsphinx'}])
def test_without_words_to_believe_a_floor_taken_is_assumed_an_interruption_at_low_confidence(given):
    found = one(CASES['overlap_complete'], **given)
    assert found.label == 'interruption_taken'
    assert found.confidence <= 0.6


def stopped(lower, louder_db):
    """The agent came in on the caller, whose voice then ended with this share of pitch under it."""
    turns = [Turn(0, CALLER, False, 0.0, 6.0, level_dbfs=-25.0),
             Turn(1, AGENT, False, 5.0, 9.0, level_dbfs=-25.0 + louder_db),
             *(Turn(n, AGENT, False, 20.0 * n, 20.0 * n + 15, level_dbfs=-25.0) for n in (2, 3))]
    voices = Voices({CALLER: {6.0: lower}, AGENT: {}}, turns)
    (found,) = find_overlaps(talk(AGENT, ((5.0, 9.0),)), talk(CALLER, ((0.0, 6.0),)), {}, voices,
                             default_standard().overlaps, trust=NONE, diarized=False)
    return found


@pytest.mark.parametrize('lower, louder_db, label', [
    (0.05, 0.0, 'overlap_complete'), (0.5, 0.0, 'interruption_taken'),
    (0.05, 6.0, 'interruption_taken')])
def test_without_words_a_fallen_voice_had_finished_unless_the_other_raised_theirs(
        lower, louder_db, label):
    found = stopped(lower, louder_db)
    assert found.label == label
    assert found.confidence <= default_standard().overlaps.assumed_confidence


def test_who_finishes_a_sentence_after_a_long_struggle_was_in_a_contest():
    found = judged([(CALLER, 0, 8, DONE), (AGENT, 5.0, 11, MORE)], 60.0)
    (label,) = [e.label for e in found.events if e.kind == 'overlap']
    assert label == 'contested'


def test_without_punctuation_one_word_left_does_not_prove_an_ending():
    said = [(CALLER, 0, 8, 'I did that and then it was a very extraordinary.'),
            (AGENT, 7.35, 10, 'and what happened next then')]
    assert one(said).label == 'terminal'
    bare = [(who, a, b, text.replace('.', '')) for who, a, b, text in said]
    assert one(bare).label == 'interruption_taken'


def test_a_breath_of_the_one_who_holds_the_floor_does_not_make_two_interruptions():
    said = [(CALLER, 0, 4, LONG), (CALLER, 4.3, 9, DONE), (AGENT, 3, 6, MORE)]
    assert overlaps(said) == [('interruption_failed', AGENT)]


def test_coming_back_from_a_breath_in_which_the_other_began_is_nobodys_interruption():
    said = [(CALLER, 0, 4, LONG), (AGENT, 4.15, 7, MORE), (CALLER, 4.4, 9, DONE)]
    assert overlaps(said) == [('dual_start', CALLER)]


def test_overlaps_between_lanes_told_apart_in_one_channel_are_half_believed_and_not_counted():
    found = judged(CASES['interruption_taken'], 60.0, lane_source='diarized')
    (overlap,) = [e for e in found.events if e.kind == 'overlap']
    kpis = found.kpis[0]
    assert overlap.confidence <= 0.5
    assert kpis.agent_interruptions is kpis.caller_interruptions is kpis.overlap_ratio is None
    assert kpis.overlap_s == pytest.approx(1.0)


def test_overlaps_told_apart_by_a_trusted_diarizer_are_counted():
    rule = replace(default_standard().overlaps, trusted_diarizers=('good',))
    standard = replace(default_standard(), overlaps=rule)
    for diarizer, count in (('good', 1), ('other', None)):
        found = judged(CASES['interruption_taken'], 60.0, standard=standard,
                       lane_source='diarized', diarizer=diarizer)
        assert found.kpis[0].agent_interruptions == count
        why = {f.rule_id: f.why for f in found.findings}
        assert ('kpi.agent_interruptions' in why) == (count is None)
    assert 'other' in why['kpi.agent_interruptions']


@pytest.mark.parametrize('label, length_s', [('interruption_failed', 0.4), ('contested', 0.45)])
def test_a_contest_of_less_than_half_a_second_has_its_outcome_but_is_not_counted(label, length_s):
    said = [(CALLER, 0, 8, DONE), (AGENT, 3, 3 + length_s, 'Wrong one')]
    if label == 'contested':
        said = [(CALLER, 0, 3 + length_s, DONE), (AGENT, 3, 8, MORE), (CALLER, 4.2, 9, DONE)]
    found = judged(said, 60.0)
    assert next(e.label for e in found.events if e.kind == 'overlap') == label
    assert found.kpis[0].agent_interruptions == 0


def test_badly_heard_words_lower_the_confidence():
    good, bad = (one(CASES['interruption_failed'], transcriber='whisperx', confidence=score)
                 for score in (0.95, 0.3))
    assert bad.confidence < good.confidence <= 1.0


spans = st.lists(st.tuples(st.integers(0, 400), st.integers(2, 60)), max_size=15).map(
    lambda rows: tuple(union((a / 10, (a + n) / 10) for a, n in rows)))
LABELS = {*CASES}


def talk(who, speech):
    return Talk(who, speech, tuple(union(speech, 0.2)), LaneWords())


@given(spans, spans)
@settings(max_examples=300)
def test_every_overlap_gets_exactly_one_class(agent, caller):
    rule = default_standard().overlaps
    a, b = talk(AGENT, agent), talk(CALLER, caller)
    found = find_overlaps(a, b, {}, Voices({}, ()), rule, trust=NONE, diarized=False)
    assert {o.label for o in found} <= LABELS
    assert all(0.0 < o.confidence <= 1.0 for o in found)
    for start, end in intersect(a.ipus, b.ipus):
        if end - start >= rule.min_event_s:
            assert len([o for o in found if o.start_s <= start and end <= o.end_s]) == 1


@given(spans, spans)
@settings(max_examples=300)
def test_swapping_the_speakers_swaps_who_came_in(agent, caller):
    rule = default_standard().overlaps

    def shape(first, second, swap):
        return [(o.label, o.start_s, o.end_s, (o.speaker == AGENT) != swap) for o in find_overlaps(
            talk(AGENT, first), talk(CALLER, second), {}, Voices({}, ()), rule, trust=NONE,
            diarized=False)
            if not tied(o, first, second)]

    def tied(overlap, first, second):
        return any(s == overlap.start_s for s, _ in union(first, 0.2)) and any(
            s == overlap.start_s for s, _ in union(second, 0.2))
    assert shape(agent, caller, False) == shape(caller, agent, True)
