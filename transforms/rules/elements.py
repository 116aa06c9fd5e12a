"""The elements of an opening: which a call requires, and whether one was said."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import lru_cache

from transforms.intervals import Span
from transforms.lexicon import Lexicon
from transforms.rules.scene import Scene
from transforms.rules.shapes import said_in
from transforms.rules.verdict import (
    FAIL,
    NOT_APPLICABLE,
    PASS,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from transforms.tokens import may_be_name, tokenise
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, Event

Group = tuple[str, ...]

# What `opening.require` calls an element, and the act by which it is said.
ACTS = {'greeting': 'greeting', 'company': 'company_name', 'self_name': 'self_name',
        'offer_help': 'offer_help', 'position': 'position', 'thanks': 'thanks_for_calling',
        'purpose': 'purpose', 'convenience': 'convenience'}

CUT_OFF = 'the recording begins after the answer'
NO_COMPANIES = 'no company names are configured'
_NO_WORDS = NO_SPACES | {'ko'}  # how many names a name is cannot be counted


def required_of(scene: Scene) -> list[Group]:
    """What the call's opening is required to hold, each group any of its elements."""
    rule = scene.standard.opening
    wanted = rule.require_transferred if scene.is_transferred_in else \
        rule.require_outbound if scene.call.direction == 'outbound' else rule.require
    return _groups(wanted)


def in_all(groups: Iterable[Group]) -> set[str]:
    """All elements of some groups."""
    return {element for group in groups for element in group}


def element_verdict(scene: Scene, element: str, window: Span | None = None) -> Verdict:
    """Whether an element is said in a window, without one in that of the element.

    Not applicable where calls of this kind require others: nobody offers help in a call they make.
    """
    direction = scene.call.direction
    if (scene.is_transferred_in or direction == 'outbound') \
            and element not in in_all(required_of(scene)):
        return not_applicable('not asked for in a call of this kind')
    verdict = heard(scene, element, *(window or _window_of(scene, element)))
    if verdict.result != FAIL:
        return verdict
    if scene.is_cut_off_at_start:
        return unknown(CUT_OFF)
    if direction is None and element not in in_all(
            _groups(scene.standard.opening.require_outbound)):
        return unknown('the direction of the call is not known')
    return verdict


def heard(scene: Scene, element: str, start_s: float, end_s: float) -> Verdict:
    """Whether an element is said between two instants: pass, fail or unknown."""
    if element == 'self_name':
        return _own_name(scene, start_s, end_s)
    verdict = said_in(scene, ACTS[element], start_s, end_s)
    if element == 'company' and verdict.result == FAIL and not (
            scene.lexicon and scene.lexicon.companies):
        return unknown(NO_COMPANIES)
    return verdict


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """The best of some verdicts: one that passes, else one that is not known, else the first."""
    found = list(verdicts)
    for result in (PASS, UNKNOWN):
        for verdict in found:
            if verdict.result == result:
                return verdict
    return next((v for v in found if v.result != NOT_APPLICABLE), found[0])


def plain(text: str) -> str:
    """Letters and digits alone, in lower case: spaces do not matter, nor does punctuation."""
    return ''.join(filter(str.isalnum, text.lower()))


def _groups(wanted: Iterable[str | Group]) -> list[Group]:
    return [(item,) if isinstance(item, str) else item for item in wanted]


def _window_of(scene: Scene, element: str) -> Span:
    start, end = scene.opening
    if element == 'offer_help' and len(scene.agent_turns) > 1:
        return start, max(end, scene.agent_turns[1].end_s)  # or in the agent's second turn
    if element == 'thanks':
        return start, max(end, (scene.answer_s or 0.0) + scene.standard.opening.late_s)
    return start, end


def _own_name(scene: Scene, start_s: float, end_s: float) -> Verdict:
    """The agent's own name, by how names are given or by the name that the phone system knows;
    first name and surname where `opening.full_name` asks for both."""
    full = scene.standard.opening.full_name
    hits = scene.said('self_name', start_s, end_s)
    sure = [hit for hit in hits if not _is_garbled(scene, hit)]
    counts = [_names_in(scene, hit) for hit in sure] if full else []
    for hit, count in zip(sure, counts or [2] * len(sure), strict=True):
        if count is not None and count > 1:
            return passed('self name was said', hit)
    known = _agent_name(scene)
    for turn in scene.agent_turns if known else ():
        if not start_s <= turn.start_s <= end_s:
            continue
        said = set(turn.text.replace(',', ' ').replace('.', ' ').split()) \
            if scene.language not in _NO_WORDS else {n for n in known if n in turn.text}
        if (all if full else any)(name in said for name in known):
            return passed('the agent\'s name was said', span=(turn.start_s, turn.end_s),
                          speaker=AGENT, evidence=turn.text[:200])
    if hits and not sure:
        return unknown('the name was not heard well enough')
    if None in counts:
        return unknown('whether it is the full name cannot be told')
    verdict = said_in(scene, 'self_name', start_s, end_s) if not sure else None
    if verdict is not None:
        return verdict
    why = scene.unchecked('self_name', start_s, end_s)
    return unknown(why) if why else failed('first name or surname is missing', sure[0])


def _agent_name(scene: Scene) -> list[str]:
    """The parts of the agent's name that can be told from other words."""
    parts = (scene.metadata.agent_name or '').split()
    if scene.language in _NO_WORDS:
        return parts
    return [part for part in parts if may_be_name(part.lower(), part, True)]


def _names_in(scene: Scene, hit: Event) -> int | None:
    """How many names a phrase gives: the words in its slot, and the capitalised ones that follow.
    None where that cannot be told."""
    turn, evidence = scene.turn_at(AGENT, hit.start_s), hit.evidence or ''
    if scene.lexicon is None or scene.language in _NO_WORDS or turn is None \
            or turn.text == turn.text.lower():
        return None
    fixed = _fixed_words(scene.lexicon)
    count = sum(token not in fixed for token in tokenise(evidence.split())[0])
    last = evidence
    for word in turn.text.partition(evidence)[2].split():
        if last[-1:] in ',.?!' or not may_be_name(word.strip(',.?!').lower(), word, True):
            break
        count, last = count + 1, word
    return count


@lru_cache(maxsize=16)
def _fixed_words(lexicon: Lexicon) -> frozenset[str]:
    phrases = lexicon.categories.get('self_introduction', ())
    return frozenset(token for phrase in phrases for token in tokenise(
        [word for word in phrase.split() if not word.startswith('{')])[0])


def _is_garbled(scene: Scene, hit: Event) -> bool:
    """Whether none of the words in the name's place was heard well enough."""
    least = scene.standard.checked.word_score
    turn = scene.turn_at(AGENT, hit.start_s)
    if turn is None or turn.confidence is None:
        return False  # of a transcript that was given
    words, fixed = scene.words, _fixed_words(scene.lexicon) if scene.lexicon else frozenset()
    scores = [score for i in range(bisect_left(scene.word_starts, hit.start_s),
                             bisect_right(scene.word_starts, hit.end_s))
              if words.speaker[i] == AGENT and not fixed.issuperset(tokenise([words.text[i]])[0])
              and (score := words.confidence[i]) is not None]
    return bool(scores) and max(scores) < least
