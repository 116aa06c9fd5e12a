"""Recording metadata of SIPREC as a manifest."""

import pytest

from tests.imported import RECORDS, by_id, imported, sound

SIPREC = RECORDS / 'siprec'
COMPLETE, PARTIAL = SIPREC / '1-complete.xml', SIPREC / '2-partial.xml'
ID, UUID = 'hVpd7YQgRW2nD22h7q60JQ==', '855a5ded-8420-456d-a70f-6da1eeaeb425'


def changed(tmp_path, *pairs):
    text = COMPLETE.read_text()
    for before, after in pairs:
        assert before in text
        text = text.replace(before, after)
    path = tmp_path / 'changed.xml'
    path.write_text(text)
    return path


def test_a_snapshot_and_its_update_are_one_call(tmp_path):
    sound(tmp_path / f'{UUID}.wav')
    result = imported('siprec', COMPLETE, PARTIAL, recordings=tmp_path, channels='96,97',
                      agent_domain=['pbx.example.com'])
    assert by_id(result)[ID] == {
        'call_id': ID, 'contact_id': '7+OTCyoxTmqmqyA/1weDAg==', 'audio_uri': f'{UUID}.wav',
        'started_at': '2024-11-04T09:00:05+00:00', 'ended_at': '2024-11-04T09:03:12+00:00',
        'agent_id': '217', 'agent_name': 'Ana Ruiz', 'caller_id': '+4930901820',
        'caller_name': 'Mia Wolf', 'direction': 'inbound', 'hung_up_by': 'caller',
        'agent_channel': 1}
    assert result.records == 2


def test_without_a_word_about_the_agent_nothing_is_guessed():
    result = imported('siprec', COMPLETE, PARTIAL, channels='96,97')
    assert not {'agent_id', 'agent_channel', 'direction', 'hung_up_by'} & set(by_id(result)[ID])
    assert any('nothing says which participant is the agent' in text for text in result.notes)


def test_the_channel_is_left_out_where_nothing_says_how_labels_lie_in_the_file():
    assert 'agent_channel' not in by_id(imported('siprec', COMPLETE, agent_pattern='^sip:2'))[ID]


@pytest.mark.parametrize('template, agent, caller', [
    ('{session}_{label}', f'{UUID}_97', f'{UUID}_96'),
    ('rec-{stream}', 'rec-i1Pz3to5hGk8fuXl-PbwCw', 'rec-UAAMm5GRQKSCMVvLyl4rFw'),
    ('{sip_session}-{label}', 'ab30317f1a784dc48ff824d0d3715d86-97',
     'ab30317f1a784dc48ff824d0d3715d86-96')])
def test_a_file_for_each_stream_is_the_pair_of_agent_and_caller(tmp_path, template, agent, caller):
    sound(tmp_path / f'{agent}.wav'), sound(tmp_path / f'{caller}.wav')
    call = by_id(imported('siprec', COMPLETE, recordings=tmp_path, file_names=template,
                          agent_domain=['pbx.example.com']))[ID]
    assert call['agent_audio_uri'] == f'{agent}.wav'
    assert call['caller_audio_uri'] == f'{caller}.wav'


def test_documents_inside_sip_messages_are_found(tmp_path):
    path = tmp_path / 'messages.txt'
    path.write_text('INVITE sip:srs@example.com SIP/2.0\r\nContent-Type: multipart/mixed\r\n\r\n'
                    f'--b\r\n{COMPLETE.read_text()}\r\n--b--\r\n\r\n{PARTIAL.read_text()}')
    result = imported('siprec', path, agent_domain=['pbx.example.com'])
    assert by_id(result)[ID]['ended_at'] == '2024-11-04T09:03:12+00:00'


def test_older_drafts_are_read_too(tmp_path):
    path = tmp_path / 'draft.xml'
    path.write_text("""<recording xmlns='urn:ietf:params:xml:ns:recording'>
      <dataMode>complete</dataMode>
      <session id="79b2fcd8"><start-time>2024-06-27T17:03:57Z</start-time></session>
      <participant id="p1" session="79b2fcd8"><aor>sip:sipp@carrier.example.net</aor>
        <name>sipp </name><send>s1</send></participant>
      <participant id="p2" session="79b2fcd8"><aor>sip:217@pbx.example.com</aor><send>s2</send>
      </participant>
      <stream id="s1" session="79b2fcd8"><label>1</label></stream>
      <stream id="s2" session="79b2fcd8"><label>2</label></stream></recording>""")
    call = by_id(imported('siprec', path, agent_pattern='^sip:2..@', channels='2,1'))['79b2fcd8']
    assert call['agent_id'] == '217' and call['agent_channel'] == 0
    assert call['started_at'] == '2024-06-27T17:03:57+00:00'


def test_an_agent_who_calls_makes_the_call_outbound(tmp_path):
    path = changed(tmp_path, ('callingParty>true', 'callingParty>false'))
    call = by_id(imported('siprec', path, agent_domain=['pbx.example.com']))[ID]
    assert call['direction'] == 'outbound'


def test_who_called_may_be_told_beside_the_participants(tmp_path):
    path = changed(tmp_path, ('callingParty>true<', 'callingParty>false<'), ('</recording>', '''
      <netsapiensExtension xmlns="http://schema.netsapiens.com/netsapiensSipRec" version="1.1">
        <calledParty participant_id="zSfPoSvdSDCmU3A3TRDxAw=="/></netsapiensExtension>
      </recording>'''))
    call = by_id(imported('siprec', path, agent_domain=['pbx.example.com']))[ID]
    assert call['direction'] == 'inbound'


def test_an_update_that_names_no_session_is_of_the_one_with_its_participants(tmp_path):
    update = tmp_path / 'update.xml'
    update.write_text('''<recording xmlns="urn:ietf:params:xml:ns:recording:1">
      <datamode>partial</datamode><participant participant_id="zSfPoSvdSDCmU3A3TRDxAw==">
      <nameID aor="sip:217@pbx.example.com"><name>Ana R. Ruiz</name></nameID></participant>
      </recording>''')
    result = imported('siprec', COMPLETE, update, agent_domain=['pbx.example.com'])
    assert by_id(result)[ID]['agent_name'] == 'Ana R. Ruiz'
    assert imported('siprec', update).aside == {'holds no session': 1}


def test_a_snapshot_without_a_session_is_not_added_to_a_call_that_it_may_not_be_of(tmp_path):
    other = tmp_path / 'other.xml'
    other.write_text('''<recording xmlns="urn:ietf:params:xml:ns:recording:1">
      <datamode>complete</datamode><participant participant_id="PID1">
      <nameID aor="sip:300@pbx.example.com"/></participant></recording>''')
    result = imported('siprec', COMPLETE, other, agent_domain=['pbx.example.com'])
    assert by_id(result)[ID]['agent_id'] == '217' and result.aside == {'holds no session': 1}


def test_entities_are_refused_before_anything_is_parsed():
    [fault] = imported('siprec', SIPREC / 'broken.xml').broken
    assert 'DOCTYPE' in fault.cause


@pytest.mark.parametrize('before, after, told', [
    ('2024-11-04T09:00:05Z</associate-time></sessionrec',
     'soon</associate-time></sessionrec', "'soon' is no date and time"),
    (f'session session_id="{ID}"', 'session', 'session.session_id is missing'),
    ('<datamode>', '<datamode><', 'is not XML'),
    ('<datamode>complete</datamode>', '<a>' * 40 + '</a>' * 40, 'nested too deep')])
def test_a_broken_document_is_named_with_its_cause_and_the_others_are_read(tmp_path, before, after,
                                                                            told):
    (tmp_path / 'other.xml').write_text(COMPLETE.read_text().replace(ID, 'other-session'))
    path = changed(tmp_path, (before, after))
    result = imported('siprec', path, tmp_path / 'other.xml')
    assert [fault.where for fault in result.broken] == [str(path)]
    assert told in result.broken[0].cause and result.broken[0].way_out
    assert set(by_id(result)) == {'other-session'}


def test_a_file_cut_off_is_broken_and_nothing_of_it_is_taken():
    result = imported('siprec', SIPREC / 'cut-off.xml')
    assert len(result.broken) == 1 and not by_id(result)


def test_what_is_no_recording_metadata_is_told(tmp_path):
    path = tmp_path / 'other.xml'
    path.write_text('<cdr><variables/></cdr>')
    [fault] = imported('siprec', path).broken
    assert 'is not the root element' in fault.cause
