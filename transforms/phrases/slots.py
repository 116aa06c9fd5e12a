"""Phrases with slots: {name}, {company} and {duration} beside the words that were found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from transforms.phrases.texts import Text
from transforms.phrases.tongue import Tongue
from transforms.tokens import alike

GUESSED = 0.2  # off the score of a name that only its place gives away
SLIPPED = 0.1  # off the score for a small word heard between a phrase and its slot
SMALL = 0.45  # what a small word costs at most where it was not meant
UNSURE = 0.1  # off the score of a duration whose number is none
LEAST_BESIDE = 4  # letters beside a company that nobody named
COMPANY_UNLIKE = 0.34  # the share of a company's sounds that may be others
MISHEARD = 0.3  # off the score of a company of which every sound is another

_OFF = attrgetter('off')

Span = tuple[int, int]
Piece = str | tuple[str, ...]  # a slot in braces, or tokens


class Filled(NamedTuple):
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
             ) -> list[Filled]:
        """The ways in which a phrase's other pieces stand beside its pivot, the surest first."""
        found = [Filled(first, end)]
        for piece in pieces[pivot + 1:]:
            found = [wider for so_far in found for wider in self._after(text, piece, so_far)]
            if not found:
                return found
        for piece in pieces[:pivot][::-1]:
            found = [wider for so_far in found for wider in self._before(text, piece, so_far)]
        return sorted(found, key=_OFF)

    def _after(self, text: Text, piece: Piece, so_far: Filled) -> list[Filled]:
        at = so_far.end
        if isinstance(piece, tuple):
            if self._said(text.tokens[at:at + len(piece)], piece):
                return [_wider(so_far, so_far.first, at + len(piece))]
            return []
        ends = self._ends(text, piece, at)
        if not ends and self._tongue.added(''.join(text.tokens[at:at + 1]) or ' ') <= SMALL:
            ends = [(end, off + SLIPPED, guess)
                    for end, off, guess in self._ends(text, piece, at + 1)]
        return [_wider(so_far, so_far.first, end, off, guess) for end, off, guess in ends]

    def _before(self, text: Text, piece: Piece, so_far: Filled) -> list[Filled]:
        at = so_far.first
        if isinstance(piece, tuple):
            if at >= len(piece) and self._said(text.tokens[at - len(piece):at], piece):
                return [_wider(so_far, at - len(piece), so_far.end)]
            return []
        return [_wider(so_far, start, so_far.end, off, guess)
                for start, off, guess in self._starts(text, piece, at)]

    def _starts(self, text: Text, slot: str, at: int
                ) -> Iterator[tuple[int, float, Span | None]]:
        """Where a slot that ends before a token can start."""
        if slot == '{company}' and self.companies:
            for name in self.companies:
                for start in range(at - len(name) - 1, at - max(1, len(name) - 1) + 1):
                    unlike = self._unlike(tuple(text.tokens[start:at]), name) if start >= 0 else 1
                    if unlike <= COMPANY_UNLIKE:
                        yield start, MISHEARD * unlike, None
            return
        usual = self._tongue.name_letters
        found = [(abs(text.letters(start, at) - usual) if usual else rank, start, off, guess)
                 for start in range(max(0, at - 8), at) if not text.amid(start)
                 for rank, (end, off, guess) in enumerate(
                     self._ends(text, slot, start, may_open=True))
                 if end == at]
        for _, start, off, guess in sorted(found, key=lambda one: one[:2]):
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

    def _ends(self, text: Text, slot: str, at: int, may_open: bool = False
              ) -> list[tuple[int, float, Span | None]]:
        """Where a slot that starts at a token can end; `may_open`: it may open a sentence."""
        if slot == '{company}':
            if self.companies:
                return self._company_ends(text.tokens, at)
            return [(end, GUESSED, (at, end)) for end in self._any_company(text, at)]
        if slot == '{name}':
            return self._names(text, at, may_open)
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

    def _names(self, text: Text, at: int, may_open: bool = False
               ) -> list[tuple[int, float, Span | None]]:
        ends = self._tongue.name_ends(text.read, at)
        sure = text.cased and not self._tongue.letters
        if not ends or (sure and not text.is_name(at)) or (
                at and not may_open and text.starts_sentence(at)):
            return []
        if sure:  # all that is written like a name is the name
            ends = ends[::-1]
        out: list[tuple[int, float, Span | None]] = []
        for end in ends:
            places = range(at, end)
            if sure and not all(text.is_name(place) for place in places):
                continue
            if any(text.starts_sentence(place) for place in places[may_open:] if place):
                continue
            out.append((end, 0.0 if sure else GUESSED, None if sure else (at, end)))
        return out

    def _any_company(self, text: Text, at: int) -> list[int]:
        if not self._tongue.letters:
            return [end for end, _, _ in self._names(text, at)]
        return list(range(at + 2, min(at + 8, len(text.tokens)) + 1))

    def _company_ends(self, tokens: Sequence[str], at: int
                      ) -> list[tuple[int, float, Span | None]]:
        out: list[tuple[int, float, Span | None]] = []
        for name in self.companies:
            for end in range(at + max(1, len(name) - 1), at + len(name) + 2):
                heard = tuple(tokens[at:end])
                unlike = self._unlike(heard, name) if len(heard) == end - at else 1
                if unlike <= COMPANY_UNLIKE:
                    out.append((end, MISHEARD * unlike, None))
        return sorted(out, key=lambda one: (one[1], -one[0]))

    def _unlike(self, heard: tuple[str, ...], name: tuple[str, ...]) -> float:
        """The share of a company's letters or sounds that are others; 1 for another company."""
        if heard == name:
            return 0.0
        if not self._tongue.letters:
            one, other = ''.join(heard), ''.join(name)
            return Levenshtein.normalized_distance(one, other) if alike(one, other) else 1.0
        sound = self._tongue.sound
        # Not 0: the same letters are surer than the same sound.
        return max(0.01, Levenshtein.normalized_distance([sound(token) for token in heard],
                                                         [sound(token) for token in name]))


def _wider(found: Filled, first: int, end: int, off: float = 0.0, guess: Span | None = None
           ) -> Filled:
    return Filled(first, end, found.off + off, guess or found.guess)
