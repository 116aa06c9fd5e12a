"""Phrases with slots: {name}, {company} and {duration} beside the words that were found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from transforms.phrases.texts import Text
from transforms.phrases.tongue import Tongue
from transforms.tokens import alike

GUESSED = 0.2  # off the score of a name that only its place gives away
UNSURE = 0.1  # off the score of a duration whose number is none
LEAST_BESIDE = 4  # letters beside a company that nobody named
COMPANY_UNLIKE = 0.34  # the share of a company's sounds that may be others

Span = tuple[int, int]
Piece = str | tuple[str, ...]  # a slot in braces, or tokens


@dataclass(frozen=True)
class Filled:
    """Tokens from `first` to `end` that are a whole phrase.

    `off` is taken off its score; `guess` are the tokens taken for a name or a company by their
    place alone.
    """

    first: int
    end: int
    off: float = 0.0
    guess: Span | None = None


class Slots:
    """Fills the slots of phrases in one language."""

    def __init__(self, tongue: Tongue, companies: Sequence[tuple[str, ...]]):
        self._tongue = tongue
        self.companies = companies

    def fill(self, text: Text, pieces: Sequence[Piece], pivot: int, first: int, end: int
             ) -> Iterator[Filled]:
        """The ways in which a phrase's other pieces stand beside its pivot."""
        for right in self._after(text, pieces[pivot + 1:], Filled(first, end)):
            yield from self._before(text, pieces[:pivot], right)

    def _after(self, text: Text, pieces: Sequence[Piece], so_far: Filled) -> Iterator[Filled]:
        if not pieces:
            yield so_far
            return
        piece, at = pieces[0], so_far.end
        if isinstance(piece, tuple):
            if self._said(text.tokens[at:at + len(piece)], piece):
                yield from self._after(text, pieces[1:],
                                       _wider(so_far, so_far.first, at + len(piece)))
            return
        for end, off, guess in self._ends(text, piece, at):
            yield from self._after(text, pieces[1:], _wider(so_far, so_far.first, end, off, guess))

    def _before(self, text: Text, pieces: Sequence[Piece], so_far: Filled) -> Iterator[Filled]:
        if not pieces:
            yield so_far
            return
        piece, at = pieces[-1], so_far.first
        if isinstance(piece, tuple):
            if at >= len(piece) and self._said(text.tokens[at - len(piece):at], piece):
                yield from self._before(text, pieces[:-1],
                                        _wider(so_far, at - len(piece), so_far.end))
            return
        for start, off, guess in self._starts(text, piece, at):
            yield from self._before(text, pieces[:-1],
                                    _wider(so_far, start, so_far.end, off, guess))

    def _starts(self, text: Text, slot: str, at: int
                ) -> Iterator[tuple[int, float, Span | None]]:
        """Where a slot that ends before a token can start."""
        if slot == '{company}' and self.companies:
            for name in self.companies:
                for start in range(at - len(name) - 1, at - max(1, len(name) - 1) + 1):
                    if start >= 0 and self._same(tuple(text.tokens[start:at]), name):
                        yield start, 0.0, None
            return
        for start in range(at - 1, max(-1, at - 9), -1):
            for end, off, guess in self._ends(text, slot, start):
                if end == at:
                    yield start, off, guess

    def _said(self, heard: Sequence[str], meant: Sequence[str]) -> bool:
        if tuple(heard) == tuple(meant):
            return True
        if len(heard) != len(meant):
            return False
        most = 0.3 if self._tongue.letters else 0.25
        cost = sum(float(self._tongue.heard_for(h, (m,))[0])
                   for h, m in zip(heard, meant, strict=True))
        return cost <= most * len(meant)

    def _ends(self, text: Text, slot: str, at: int) -> list[tuple[int, float, Span | None]]:
        """Where a slot that starts at a token can end."""
        if slot == '{company}':
            if self.companies:
                return [(end, 0.0, None) for end in self._company_ends(text.tokens, at)]
            return [(end, GUESSED, (at, end)) for end in self._any_company(text, at)]
        if slot == '{name}':
            return self._names(text, at)
        span = slot[1:-1]
        return self._durations(text.tokens, at, None if span == 'duration' else span)

    def _durations(self, tokens: Sequence[str], at: int, span: str | None
                   ) -> list[tuple[int, float, Span | None]]:
        ends_at = self._tongue.duration_end
        end = ends_at(tokens, at, span)
        if end is not None:
            return [(end, 0.0, None)]
        for skipped in (1, 0):  # its number was misheard, or lost
            end = ends_at(['2', *tokens[at + skipped:at + skipped + 3]], 0, span)
            if end is not None:
                return [(at + skipped + end - 1, UNSURE, None)]
        return []

    def _names(self, text: Text, at: int) -> list[tuple[int, float, Span | None]]:
        ends = self._tongue.name_ends(text.tokens, at)
        sure = text.cased and not self._tongue.letters
        out: list[tuple[int, float, Span | None]] = []
        for end in ends:
            places = range(at, end)
            if sure and not all(text.is_name(place) for place in places):
                continue
            if any(text.starts_sentence(place) for place in places if place):
                continue
            out.append((end, 0.0 if sure else GUESSED, None if sure else (at, end)))
        return out

    def _any_company(self, text: Text, at: int) -> list[int]:
        if not self._tongue.letters:
            return [end for end, _, _ in self._names(text, at)]
        return list(range(at + 2, min(at + 8, len(text.tokens)) + 1))

    def _company_ends(self, tokens: Sequence[str], at: int) -> list[int]:
        out = []
        for name in self.companies:
            for end in range(at + max(1, len(name) - 1), at + len(name) + 2):
                heard = tuple(tokens[at:end])
                if len(heard) == end - at and end not in out and self._same(heard, name):
                    out.append(end)
        return out

    def _same(self, heard: tuple[str, ...], name: tuple[str, ...]) -> bool:
        if heard == name:
            return True
        if not self._tongue.letters:
            return abs(len(heard) - len(name)) <= 1 and alike(''.join(heard), ''.join(name))
        sound = self._tongue.sound
        longest = max(len(heard), len(name))
        return Levenshtein.distance([sound(token) for token in heard],
                                    [sound(token) for token in name]) <= COMPANY_UNLIKE * longest


def _wider(found: Filled, first: int, end: int, off: float = 0.0, guess: Span | None = None
           ) -> Filled:
    return Filled(first, end, found.off + off, guess or found.guess)
