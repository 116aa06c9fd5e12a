import os

from warehouse import ledger


def entry(key, outcome=ledger.LANDED):
    return ledger.Entry(key, outcome, f'call-{key}')


def test_entries_are_read_once_and_in_order(tmp_path):
    reader = ledger.Reader(tmp_path)
    ledger.append(tmp_path, entry('a', ledger.STARTED))
    ledger.append(tmp_path, entry('a'))
    assert [e.outcome for e in reader.new()] == ['started', 'landed']
    ledger.append(tmp_path, entry('b'))
    assert [e.key for e in reader.new()] == ['b']
    assert list(reader.new()) == []


def test_a_line_that_is_still_being_written_waits_for_its_end(tmp_path):
    reader = ledger.Reader(tmp_path)
    ledger.append(tmp_path, entry('a'))
    path = next(tmp_path.glob('*.jsonl'))
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:10])
    assert [e.key for e in reader.new()] == ['a']
    path.write_bytes(whole + whole)
    assert [e.key for e in reader.new()] == ['a']


def test_two_processes_write_to_files_of_their_own(tmp_path):
    ledger.append(tmp_path, entry('a'))
    if (pid := os.fork()) == 0:
        ledger.append(tmp_path, entry('b'))
        os._exit(0)
    os.waitpid(pid, 0)
    assert {e.key for e in ledger.Reader(tmp_path).new()} == {'a', 'b'}
    assert len(list(tmp_path.glob('*.jsonl'))) == 2
