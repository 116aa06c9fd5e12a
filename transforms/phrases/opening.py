"""How much the beginning of a lane sounds like an agent who answers."""

from __future__ import annotations

from transforms.phrases.matcher import Matcher
from warehouse.records import Words

OPENING_S = 15.0  # the opening window, document 002 L48

_WEIGHTS = {
    'greeting': 0.15, 'company_introduction': 0.3, 'self_introduction': 0.2,
    'offer_of_help': 0.4, 'thanks_for_calling': 0.35, 'caller_opening': -0.4,
}


def opening_score(words: Words, matcher: Matcher) -> float:
    """How much the first 15 s of a lane sound like an agent answering, 0 to 1.

    Greeting, company, name, offer of help and thanks for calling speak for it; what callers begin
    with ("i'm calling about") against it. 0 also where there are no words.
    """
    timed = [start for start in words.start_s if start is not None]
    if not timed:
        return 0.0
    until = min(timed) + OPENING_S
    opening = [text for text, start in zip(words.text, words.start_s, strict=True)
               if start is None or start <= until]
    found = matcher.opening_categories(opening)
    return min(1.0, max(0.0, sum(_WEIGHTS.get(category, 0.0) for category in found)))
