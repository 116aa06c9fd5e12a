"""Card numbers never reach the disk."""

import json

from tests.conftest import SAMPLES, etiquette, rows

CARD = ('4111', '1111', '1111', '1111')


def test_a_card_number_in_a_transcript_is_in_no_file_of_the_warehouse(tmp_path):
    transcript = json.loads((SAMPLES / 'es-starts-in-ring.json').read_text())
    words = [word for segment in transcript['segments'] for word in segment['words']]
    for word, digits in zip(words[5:], CARD, strict=False):
        word['word'] = digits
    for segment in transcript['segments']:
        segment['text'] = ' '.join(word['word'] for word in segment['words'])
    (tmp_path / 'c.json').write_text(json.dumps(transcript))
    (tmp_path / 'c.wav').write_bytes((SAMPLES / 'es-starts-in-ring.wav').read_bytes())
    (tmp_path / 'm.csv').write_text('call_id,audio_uri,transcript_uri,agent_channel,language\n'
                                    'c,c.wav,c.json,0,en\n')
    root = tmp_path / 'warehouse'
    ran = etiquette('run', tmp_path / 'm.csv', '--warehouse', root)
    assert ran.code == 0, ran.err
    heard = rows(root, 'SELECT text, start_s FROM words ORDER BY word')
    assert [word['text'] for word in heard].count('[card]') == len(CARD)
    assert all(word['start_s'] is not None for word in heard if word['text'] == '[card]')
    for table in ('turns', 'words', 'events', 'findings'):
        assert '1111' not in json.dumps(rows(root, f'SELECT * FROM {table}')), table
