"""Which of the parties of a conversation is the agent, where its record names them by address."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.importers.json_records import Record
from pipeline.rows import ManifestError

_ADDRESSES = ('tel', 'sip', 'mailto', 'uuid', 'name')


@dataclass(frozen=True)
class Agents:
    """What agents are told from callers by; without both, roles alone tell them.

    Attributes:
      pattern: found in an address or a name of an agent.
      domains: of agents' SIP and mail addresses, in lower case.
    """

    pattern: re.Pattern[str] | None = None
    domains: frozenset[str] = frozenset()

    @staticmethod
    def add_options(parser: Any) -> None:
        """Adds both to a format's options."""
        parser.add_argument('--agent-pattern', metavar='REGEX',
                            help='an address or a name in which it is found is an agent\'s: '
                                 r"'^sip:2\d\d\d@'")
        parser.add_argument('--agent-domain', metavar='DOMAIN', action='append', default=None,
                            help='of agents\' SIP and mail addresses; may be given several times')

    @staticmethod
    def of(own: Mapping[str, Any]) -> Agents:
        """As the command line gives them. Raises ManifestError where the pattern is none."""
        pattern = own.get('agent_pattern')
        try:
            compiled = re.compile(pattern) if pattern else None
        except re.error as error:
            raise ManifestError(f'--agent-pattern {pattern!r}: is no regular expression ({error})',
                                'Correct it.') from error
        return Agents(compiled, frozenset(
            domain.lower() for domain in own.get('agent_domain') or ()))

    def knows(self, addresses: Sequence[str]) -> bool:
        """Whether one of the addresses is an agent's."""
        return any((self.pattern is not None and self.pattern.search(address) is not None)
                   or _domain(address) in self.domains for address in addresses)


def agent_of(parties: Sequence[Record], present: Sequence[int], agents: Agents) -> int | None:
    """The only agent among the parties present; None where there is none, or several.

    A role goes before an address. The other of two is the agent where one is called customer.
    """
    from transforms.transcribe.provided import AGENT_LABELS, CALLER_LABELS

    roles = {party: _role(parties[party]) for party in present}
    found = [party for party in present if roles[party] in AGENT_LABELS]
    if not found and (agents.pattern or agents.domains):
        found = [party for party in present if agents.knows(
            [address for name in _ADDRESSES if (address := parties[party].text(name))])]
    if not found and len(present) == 2:
        callers = [party for party in present if roles[party] in CALLER_LABELS]
        found = [party for party in present if party not in callers] if callers else []
    return found[0] if len(found) == 1 else None


def _role(party: Record) -> str:
    """Of the contact centre extension, or as it was written before there was one."""
    meta = party.tree.get('meta')
    told = party.text('role') or (meta.get('role') if isinstance(meta, dict) else None)
    return str(told or party.text('type') or '').lower()


def party_number(party: Record) -> str | None:
    """The number or SIP user of a party."""
    address = party.text('tel') or party.text('sip')
    return number_of(address) if address else None


def number_of(address: str) -> str | None:
    """`+4930123` of `tel:+4930123` and of `sip:+4930123@example.com;user=phone`."""
    rest = re.sub(r'^(?:tel|sips?):', '', address.strip(), flags=re.IGNORECASE)
    return rest.partition('@')[0].partition(';')[0] or None


def _domain(address: str) -> str:
    host = address.rpartition('@')[2] if '@' in address else ''
    return re.split(r'[;:?>]', host)[0].lower()
