"""Views that put several calls together: calls back, transfers of a contact, missed calls."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.results import NOW, result
from warehouse import landing
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.records import Event


def ask(root, sql):
    return list(run_sql(root, sql).rows())


def put(root, call_id, *, at_h=0.0, phrases=(), **call):
    whole = result(call_id, **{'caller_id': '+1555', 'started_at': NOW + timedelta(hours=at_h),
                               **call})
    events = (*whole.events, *(Event(len(whole.events) + n, 'phrase', label, 'agent', 1.0, 2.0,
                                     1.0, 'we will call you back')
                               for n, label in enumerate(phrases)))
    landing.put(root, replace(whole, events=tuple(sorted(events, key=lambda e: (
        e.start_s, e.end_s))), kpis=tuple(replace(row, transfer_count=None) for row in whole.kpis)))


@pytest.mark.parametrize('later, kept', [
    ([{'at_h': 3.0, 'direction': 'outbound'}], True),
    ([{'at_h': 30.0, 'direction': 'outbound'}], False),
    ([{'at_h': 3.0, 'direction': 'outbound', 'caller_id': '+1999'}], None),
    ([{'at_h': 30.0, 'direction': 'outbound', 'caller_id': '+1999'}], False),
    ([{'at_h': 30.0, 'direction': 'inbound'}], None),
    ([], None),
])
def test_a_promised_call_back_is_kept_broken_or_not_yet_known(tmp_path, later, kept):
    put(tmp_path, 'first', phrases=('callback_commitment',))
    for n, call in enumerate(later):
        put(tmp_path, f'later-{n}', **call)
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT call_id, kept FROM callbacks') == [('first', kept)]


def test_a_contact_counts_its_transfers_over_all_legs(tmp_path):
    for leg in range(4):
        put(tmp_path, f'leg-{leg}', at_h=leg / 10, manifest=json.dumps({'contact_id': 'k1'}))
    put(tmp_path, 'alone', manifest=json.dumps({'contact_id': 'k2'}))
    put(tmp_path, 'none')
    publish(tmp_path)
    before = ask(tmp_path, 'SELECT contact_id, legs, transfers FROM contact_transfers ORDER BY 1')
    assert before == [('k1', 4, None), ('k2', 1, None)]
    whole = result('leg-0', caller_id='+1555', manifest=json.dumps({'contact_id': 'k1'}))
    landing.put(tmp_path, replace(whole, kpis=(replace(whole.kpis[0], transfer_count=1),)))
    publish(tmp_path)
    assert ask(tmp_path, 'SELECT transfers, too_many FROM contact_transfers ORDER BY contact_id'
               )[0] == (3, True)


def test_a_call_that_rang_and_was_not_answered_is_missed(tmp_path):
    put(tmp_path, 'answered')
    whole = result('missed', caller_id='+1555')
    landing.put(tmp_path, replace(whole, kpis=(replace(
        whole.kpis[0], ring_source='audio', ring_count=5, agent_talk_s=0.0),)))
    publish(tmp_path)
    rows = ask(tmp_path, 'SELECT sum(offered), sum(answered), sum(missed) FROM missed_calls')
    assert rows == [(2, 1, 1)]
