"""Phrases: what was said, by the lists of `configs/lexicon`, with the times of its words.

One pass over a call finds every phrase of every list, also where speech recognition lost, added
or misheard some of its words: at 15 % word errors an exact five-word phrase survives 44 % of the
time. How much a phrase may differ goes by its length or by its strictness in the list; a "not"
that comes or goes never passes.
"""

from transforms.phrases.matcher import Match, Matcher, is_cased, matcher_of
from transforms.phrases.opening import OPENING_S, opening_score

__all__ = ['OPENING_S', 'Match', 'Matcher', 'is_cased', 'matcher_of', 'opening_score']
