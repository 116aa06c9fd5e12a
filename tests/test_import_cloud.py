"""What contact centres export, through the command line into what `etiquette run` reads."""

import json
import shutil

import pytest

from pipeline.cli import run_command
from pipeline.manifest import admit
from pipeline.places import Place
from pipeline.rows import RawRow
from pipeline.settings import load_settings
from pipeline.sources import limits_of, read_batch
from tests.conftest import QUICK, SAMPLES
from tests.imported import RECORDS, imported, sound

ABOUT_SAMPLES = {  # which sample, and the options that its records need
    'connect': ('mono-metadata', {}), 'genesys': ('de-hold-music', {'agent_channel': 0}),
    'vcon': ('announced-hold', {}),
    'siprec': ('outbound-pair', {'agent_domain': ['pbx.harborbooks.example'],
                                 'file_names': '{sip_session}.{label}'})}


def batch(manifest):
    return read_batch(str(manifest), load_settings(str(QUICK)).source)


def run(capsys, *args):
    """The exit code of an import and what it printed."""
    code = run_command(['import', *map(str, args)])
    out, err = capsys.readouterr()
    return code, out + err


def written(result, told):
    """What a run would take of the rows, in a manifest beside the recordings."""
    place, limits = Place(told, False), limits_of(load_settings(str(QUICK)).source)
    return [admit(RawRow(1, row.where, dict(row.cells)), place, limits).reference
            for row in result.rows]


@pytest.mark.parametrize('name', ABOUT_SAMPLES)
def test_every_format_tells_its_options_with_an_example(name, capsys):
    with pytest.raises(SystemExit) as ended:
        run_command(['import', name, '--help'])
    assert not ended.value.code
    out = capsys.readouterr().out
    assert f'etiquette import {name}' in out and '--recordings' in out


@pytest.mark.parametrize('name', ABOUT_SAMPLES)
def test_the_records_about_a_sample_say_of_it_what_its_manifest_and_its_truth_say(name):
    sample, own = ABOUT_SAMPLES[name]
    result = imported(name, SAMPLES / name, recordings=SAMPLES, **own)
    told = batch(SAMPLES / 'manifest.csv')
    [known] = [ref for ref in told.references if ref.call_id == sample]
    [found] = written(result, told=SAMPLES)
    for field in ('audio_uri', 'agent_audio_uri', 'caller_audio_uri', 'started_at', 'direction',
                  'agent_id', 'caller_id', 'hung_up_by'):
        assert getattr(found, field) == getattr(known, field), field
    truth = json.loads((SAMPLES / 'truth.json').read_text())[sample]
    holds = json.loads(found.manifest).get('holds', [])
    assert [(hold['start_s'], hold['end_s']) for hold in holds] == [
        (hold['start_s'], hold['end_s']) for hold in truth['holds']]


def test_without_out_it_is_only_shown_what_was_understood(capsys):
    code, out = run(capsys, 'connect', RECORDS / 'connect' / 'export.json')
    assert code == 0
    assert '6 records read, 2 calls understood' in out
    assert 'Agent.ConnectedToAgentTimestamp' in out
    assert 'nothing is written' in out


def test_a_manifest_of_vcons_is_one_that_a_run_takes(tmp_path, capsys):
    data = (SAMPLES / 'us-in-order.flac').read_bytes()
    shutil.copy(SAMPLES / 'us-in-order.flac', tmp_path / 'orders-17.flac')
    tree = json.loads((RECORDS / 'vcon' / 'call.vcon').read_text())
    tree['dialog'][0].update(filename='orders-17.flac', mediatype='audio/flac')
    (tmp_path / 'a.vcon').write_text(json.dumps(tree))
    (tmp_path / 'b.vcon').write_text('{"uuid": ')
    args = ('vcon', tmp_path, '--recordings', tmp_path, '--unpack', '--out',
            tmp_path / 'manifest.jsonl', '--rejects', tmp_path / 'rejects.jsonl')
    code, out = run(capsys, *args)
    assert code == 1
    [reference] = batch(tmp_path / 'manifest.jsonl').references
    assert reference.agent_channel == 1 and reference.direction == 'inbound'
    assert reference.hung_up_by == 'caller' and reference.transcript_uri
    assert json.loads(reference.manifest)['holds'] == [{'start_s': 60.0, 'end_s': 105.5}]
    assert (tmp_path / 'orders-17.flac').read_bytes() == data
    # What was written there is not read as records by the next import.
    assert run(capsys, *args)[1].splitlines()[0] == out.splitlines()[0]


def test_a_pair_of_streams_is_a_pair_in_the_manifest(tmp_path, capsys):
    for label in (96, 97):
        sound(tmp_path / f'ab30317f1a784dc48ff824d0d3715d86_{label}.wav')
    code, _ = run(capsys, 'siprec', RECORDS / 'siprec' / '1-complete.xml', '--recordings',
                  tmp_path, '--agent-domain', 'pbx.example.com', '--file-names',
                  '{sip_session}_{label}', '--out', tmp_path / 'manifest.jsonl')
    assert code == 0
    [reference] = batch(tmp_path / 'manifest.jsonl').references
    assert reference.agent_audio_uri.endswith('_97.wav')
    assert reference.caller_audio_uri.endswith('_96.wav')


@pytest.mark.parametrize('args, told', [
    (('siprec', RECORDS / 'siprec', '--agent-pattern', '('), 'is no regular expression'),
    (('vcon', RECORDS / 'vcon', '--unpack'), 'Give --out manifest.jsonl too'),
    (('connect', RECORDS / 'siprec' / '1-complete.xml'), 'begins like no JSON object'),
    (('genesys', 'no-such-file'), 'no such file or folder')])
def test_wrong_use_exits_with_2_and_names_the_way_out(args, told, capsys):
    code, out = run(capsys, *args)
    assert code == 2 and told in out


def test_recordings_of_no_call_are_counted_beside_those_that_lie_in_a_bucket(tmp_path, capsys):
    sound(tmp_path / 'other.wav')
    _, out = run(capsys, 'connect', RECORDS / 'connect' / 'export.json', '--recordings', tmp_path)
    assert '1 recording there, 1 of them of no call here' in out


def test_calls_whose_recordings_are_not_there_yet_show_what_is_known_of_them(capsys):
    _, out = run(capsys, 'genesys', RECORDS / 'genesys' / 'query.json')
    assert '3 without' in out and 'originatingDirection' in out
    assert 'query.json record 1 (line 1) conversations[1]' in ' '.join(out.split())
