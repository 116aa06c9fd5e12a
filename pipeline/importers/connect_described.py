"""Amazon Connect's DescribeContact: the same contact under other names, as a contact record.

The API answers times as seconds since 1970, its command line and SDKs write them as ISO 8601. It
names the agent and the queue by ids alone, and does not tell whether a contact goes on as another.
"""

from __future__ import annotations

from typing import Any

from pipeline.importers.clock import epoch, iso
from pipeline.importers.json_records import Record
from pipeline.instants import InstantError


def is_described(record: Record) -> bool:
    """Whether the record is an answer of DescribeContact, whole or only its `Contact`."""
    return 'Contact' in record.tree or ('Id' in record.tree and 'ContactId' not in record.tree)


def as_contact_record(record: Record) -> Record:
    """The answer with the fields of a contact record. Raises RecordError as reading them does."""
    contact = record.part('Contact') if 'Contact' in record.tree else record
    agent, queue = contact.part('AgentInfo'), contact.part('QueueInfo')
    held_s = agent.number('AgentInitiatedHoldDuration')
    return Record(record.where, {
        **_dated(contact.tree), 'ContactId': contact.tree.get('Id'),
        # Of holds it tells the seconds alone: none, and there was no hold.
        'Agent': {**_dated(agent.tree), 'Username': agent.text('Id'), 'NumberOfHolds': held_s},
        'Queue': {'Name': queue.text('Id')}})


def _dated(tree: Any) -> dict[str, Any]:
    return {name: _instant(value) if name.endswith('Timestamp') else value
            for name, value in tree.items()}


def _instant(value: Any) -> Any:
    """Seconds since 1970 as ISO 8601; anything else as it is, for its reader to judge."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        at = epoch(value)
    except InstantError:
        return str(value)
    return iso(at) if at else None
