import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.conversation import Lane, Reference, Sound
from transforms.errors import CallError
from transforms.roles import Role, RoleOptions, tell_agent, words_until
from warehouse.records import Words

OPTIONS = RoleOptions(
    opening_s=20.0, opening_margin=0.5, together_s=0.3, hello_s=1.2, answer_s=2.5,
    greeting_s=2.0, click_s=0.5, config_confidence=0.95, phrases_confidence=0.8,
    hello_confidence=0.9, greeting_confidence=0.85, first_confidence=0.75,
    unknown_direction_confidence=0.65,
    outbound_confidence=0.6, together_confidence=0.5, handover_s=2.0, turn_s=1.0, near_s=3.0,
    hold_s=5.0, answered_s=6.0,
    returns_confidence=0.9, parks_confidence=0.65, transfer_confidence=0.8, most_confidence=0.97)


def words(*texts, start_s=1.0):
    times = tuple(start_s + i * 0.3 for i in range(len(texts)))
    return Words(times, tuple(t + 0.2 for t in times), texts, (0.9,) * len(texts),
                 ('aligned',) * len(texts), (-1,) * len(texts), ('',) * len(texts))


def thanks(said):
    """An opening: as many points as the words hold "thanks"."""
    return float(said.text.count('thanks'))


FIRST = Lane(0, ((1.0, 2.5),), words=words('hello', 'there'))
SECOND = Lane(1, ((4.0, 6.0),), words=words('thanks', 'for', 'calling', start_s=4.0))
MONO = (Lane(0, FIRST.speech, words=FIRST.words), Lane(0, SECOND.speech, words=SECOND.words))


def tell(lanes=(FIRST, SECOND), default=None, opening=None, trusted=True, sounds=(), **ref):
    return tell_agent(lanes, Reference('c1', audio_uri='/in/c1.wav', **ref), default, opening,
                      trusted, OPTIONS, sounds)


def heard(kind, *spans):
    return [Sound(kind, '', None, start, end, 0.9, '') for start, end in spans]


def test_the_manifest_comes_before_everything():
    assert tell(agent_channel=1, default=0, opening=thanks) == Role(1, 'manifest', 1.0)
    assert tell(agent_channel=0, default=1, opening=thanks) == Role(0, 'manifest', 1.0)


def test_swapped_lanes_are_told_by_their_channel():
    assert tell((SECOND, FIRST), agent_channel=1).lane == 0


def test_of_a_pair_of_files_the_first_is_the_agents():
    pair = Reference('c1', agent_audio_uri='/in/a.wav', caller_audio_uri='/in/b.wav')
    role = tell_agent((FIRST, SECOND), pair, 1, thanks, True, OPTIONS)
    assert role == Role(0, 'manifest', 1.0)


def test_the_configured_channel_comes_before_phrases():
    assert tell(default=0, opening=thanks) == Role(0, 'config', 0.95)


def test_who_opens_like_an_agent_is_the_agent():
    role = tell(opening=thanks)
    assert (role.lane, role.source) == (1, 'phrases')
    assert 0.8 < role.confidence < 1.0


def test_more_phrases_are_more_certain():
    surer = Lane(1, SECOND.speech, words=words('thanks', 'thanks', 'thanks', start_s=4.0))
    assert tell((FIRST, surer), opening=thanks).confidence > tell(opening=thanks).confidence


def test_phrases_after_the_opening_do_not_count():
    late = Lane(1, SECOND.speech, words=words('thanks', start_s=25.0))
    assert tell((FIRST, late), opening=thanks).source == 'first_speaker'


def test_phrases_decide_nothing_where_both_or_neither_say_them():
    both = Lane(0, FIRST.speech, words=words('thanks'))
    assert tell((both, SECOND), opening=thanks).source == 'first_speaker'
    assert tell(opening=lambda said: 0.0).source == 'first_speaker'


def test_phrases_decide_nothing_where_words_are_not_trusted():
    assert tell(opening=thanks, trusted=False) == tell()


def test_on_an_inbound_call_who_speaks_first_answered_and_is_the_agent():
    assert tell(direction='inbound') == Role(0, 'first_speaker', 0.75)
    assert tell((SECOND, FIRST), direction='inbound').lane == 1


def test_on_an_outbound_call_the_one_called_speaks_first():
    assert tell(direction='outbound') == Role(1, 'first_speaker', 0.6)


def test_an_unknown_direction_is_taken_as_inbound_with_less_confidence():
    assert tell() == Role(0, 'first_speaker', 0.65)


GREETING, HELLO = Lane(0, ((2.0, 3.5), (3.7, 5.5))), Lane(1, ((1.0, 1.4), (6.0, 9.0)))


@pytest.mark.parametrize('direction', ['inbound', 'outbound', None])
def test_who_goes_on_at_length_after_a_hello_is_the_agent(direction):
    assert tell((GREETING, HELLO), direction=direction) == Role(0, 'first_speaker', 0.9)


def test_a_hello_that_nobody_answers_at_once_or_at_length_is_no_hello():
    late, short = Lane(0, ((5.0, 8.0),)), Lane(0, ((2.0, 3.0),))
    alone = Lane(1, ((1.0, 1.7), (6.0, 9.0)))
    for other in (late, short):
        assert tell((other, alone), direction='inbound') == Role(1, 'first_speaker', 0.75)


@pytest.mark.parametrize(('direction', 'confidence'), [
    ('inbound', 0.85), (None, 0.85), ('outbound', 0.6)])
def test_who_opens_with_a_long_turn_greets_and_is_the_agent(direction, confidence):
    answer = Lane(1, ((6.0, 9.0),))
    assert tell((GREETING, answer), direction=direction) == Role(0, 'first_speaker', confidence)


def test_a_sound_inside_the_greeting_does_not_end_it():
    answer = Lane(1, ((2.6, 3.0), (6.0, 9.0)))
    assert tell((GREETING, answer), direction='inbound') == Role(0, 'first_speaker', 0.85)


def test_two_who_start_together_tell_little():
    other = Lane(1, ((1.2, 2.0),))
    assert tell((FIRST, other), direction='inbound') == Role(0, 'first_speaker', 0.5)


PARKED = Lane(0, ((1.0, 2.5), (6.5, 8.5), (27.0, 28.0)))
PARKS = Lane(1, ((3.0, 6.0), (9.0, 12.0), (22.0, 26.0)))


def test_who_parks_the_other_and_comes_back_is_the_agent_whoever_spoke_first():
    role = tell((PARKED, PARKS), sounds=heard('hold', (12.5, 21.5)))
    assert (role.lane, role.source) == (1, 'holds')
    assert 0.8 < role.confidence < 0.97
    assert tell((PARKED, PARKS)).lane == 0


def test_holds_that_agree_with_the_opening_make_it_surer_but_never_certain():
    once = tell((PARKS, PARKED), direction='outbound', sounds=heard('hold', (12.5, 21.5)))
    assert (once.lane, once.source) == (0, 'first_speaker')
    assert once.confidence > tell((PARKS, PARKED), direction='outbound').confidence
    long = Lane(0, tuple((30.0 * n + 1, 30.0 * n + 5) for n in range(20)))
    parked = heard('hold', *((30.0 * n + 6, 30.0 * n + 30) for n in range(19)))
    assert tell((long, Lane(1, ((5.0, 5.5),))), sounds=parked).confidence == 0.97


def test_thanks_before_a_hold_and_far_speech_after_it_say_nothing_of_it():
    thanks = Lane(0, ((1.0, 2.5), (11.5, 12.0)))
    agent = Lane(1, ((3.0, 11.0), (40.0, 44.0)))
    near = tell((thanks, agent), sounds=heard('hold', (12.5, 38.0)))
    far = tell((thanks, agent), sounds=heard('hold', (12.5, 30.0)))
    assert (near.lane, near.source) == (1, 'holds')
    assert far.source == 'first_speaker'  # what the agent said before the hold is not enough


def test_what_seems_to_be_said_while_it_rings_opens_nothing():
    noise = Lane(0, ((2.5, 3.0), (13.0, 16.0)))
    agent = Lane(1, ((8.0, 12.0), (17.0, 20.0)))
    rings = heard('ring', (1.0, 2.0), (5.0, 6.0))
    assert tell((noise, agent), sounds=rings) == Role(1, 'first_speaker', 0.85)
    assert tell((noise, agent)).lane == 0


def test_a_click_of_the_line_long_before_anybody_speaks_opens_nothing():
    agent, caller = ((4.0, 7.5),), ((8.0, 12.0),)
    assert tell((Lane(0, agent), Lane(1, ((0.5, 0.8), *caller)))).lane == 0
    assert tell((Lane(0, agent), Lane(1, ((0.5, 1.8), *caller))), direction='inbound').lane == 1


def test_who_speaks_after_a_transfers_rings_is_an_agent():
    lanes = Lane(0, ((1.0, 2.5), (9.0, 12.0))), Lane(1, ((3.0, 4.5), (18.0, 22.0)))
    role = tell(lanes, direction='inbound', sounds=heard('ring', (13.0, 14.0), (16.0, 17.0)))
    assert (role.lane, role.source) == (1, 'holds')
    assert tell(lanes, direction='inbound').lane == 0


def test_the_only_one_who_speaks_answered():
    assert tell((Lane(0), SECOND), direction='inbound').lane == 1


def test_channels_say_nothing_of_a_mono_call():
    assert tell(MONO, agent_channel=1, default=1, direction='inbound').source == 'first_speaker'
    assert tell(MONO, agent_channel=1, opening=thanks).source == 'phrases'


def test_in_silence_only_the_manifest_knows():
    silent = (Lane(0), Lane(1))
    assert tell(silent, opening=thanks) == Role(None, None, None)
    assert tell(silent, agent_channel=1) == Role(1, 'manifest', 1.0)
    assert tell(()) == Role(None, None, None)


def test_a_channel_that_is_not_there_is_an_error_with_a_way_out():
    with pytest.raises(CallError, match=r'/in/c1\.wav has channels 0 and 1') as error:
        tell(agent_channel=2)
    assert (error.value.field, error.value.value) == ('agent_channel', '2')
    assert 'give 0 or 1' in error.value.way_out


def test_words_without_a_time_go_with_the_word_before():
    said = Words((1.0, None, 9.0), (1.2, None, 9.2), ('a', '14.', 'b'), (0.9,) * 3,
                 ('aligned', 'none', 'aligned'), (-1,) * 3, ('',) * 3)
    assert words_until(said, 5.0).text == ('a', '14.')
    assert words_until(said, 0.5) == Words()


@given(st.floats(0, 5), st.floats(0, 5))
def test_the_higher_score_wins_or_nobody_does(one, two):
    scores = {FIRST.words.text: one, SECOND.words.text: two}
    role = tell(opening=lambda said: scores[said.text])
    if role.source == 'phrases':
        assert abs(one - two) >= 0.5 and role.lane == (0 if one > two else 1)
        assert 0.8 <= role.confidence < 1.0
    else:
        assert abs(one - two) < 0.5
