from pipeline.show_call import timeline


def event(kind, start_s, end_s, speaker=None, label=''):
    return {'kind': kind, 'label': label, 'speaker': speaker, 'start_s': start_s, 'end_s': end_s}


def lanes(*events, duration_s=10.0, width=20):
    agent, caller, *_ = timeline(list(events), duration_s, width).plain.splitlines()
    return agent[8:], caller[8:]


def test_each_party_has_a_lane_drawn_to_scale():
    agent, caller = lanes(event('speech', 0, 5, 'agent'), event('speech', 5, 10, 'caller'))
    assert agent == '█' * 10 + ' ' * 10
    assert caller == ' ' * 10 + '█' * 10


def test_a_hold_is_drawn_over_both_lanes_and_an_overlap_over_the_speech():
    agent, caller = lanes(event('speech', 0, 6, 'agent'), event('overlap', 5, 6, 'caller'),
                          event('hold', 7, 9))
    assert agent == '█' * 12 + '  ' + '♪' * 4 + '  '
    assert caller == ' ' * 10 + '╳╳' + '  ' + '♪' * 4 + '  '


def test_speech_that_leaked_in_from_the_other_party_is_not_drawn():
    assert lanes(event('speech', 0, 5, 'agent', 'bleed'))[0].strip() == ''


def test_an_event_shorter_than_a_column_is_still_seen():
    assert '╳' in lanes(event('overlap', 3.0, 3.05, 'agent'))[0]


def test_an_event_that_reaches_past_the_end_stays_in_the_picture():
    agent, _ = lanes(event('speech', 8, 12, 'agent'))
    assert agent == ' ' * 16 + '█' * 4
