"""Made-up calls around the phrases of a list, as recognition hears them, with what is true of them.

A call is drawn from its seed: turns of both parties, phrases of either's lists alone or amid other
words, sentences that hold none, phrases in the mouth of the wrong party.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests import phrase_texts as texts
from tests.recognition_errors import error_rate, misheard
from transforms.lexicon import Lexicon
from transforms.phrases.han import SIMPLIFIED
from transforms.phrases.matcher import OPENING_LETTERS, OPENS_SENTENCE
from warehouse.records import AGENT, CALLER, Words

TURNS = 60
UNSPACED = ('ja', 'zh')
WORD_S = 0.3
ALONE = 0.35  # the share of phrases that are a sentence of their own
SAYS = {AGENT: 0.6, CALLER: 0.4}  # the share of turns with a phrase
WRONG_PARTY = 0.1  # of the caller's turns: a phrase of the agent's
SIGNAL = 0.1  # of the turns: a listening signal and nothing else
BARE = {AGENT: 0.03}  # of the turns: a whole turn that is banned
WEIGHTED = ('backchannel', 'banned_opening')

_TRADITIONAL = {simple: chr(code) for code, to in reversed(SIMPLIFIED.items())
                for simple in (chr(to) if isinstance(to, int) else to,)}


@dataclass(frozen=True)
class SaidTurn:
    """A turn as it was meant: its words without errors, and the phrases put into it."""

    speaker: str
    text: str
    said: tuple[tuple[str, str], ...] = ()  # category, phrase


@dataclass(frozen=True)
class Scene:
    """A call: turns as they were meant, and the words that were heard; turn n is turn n."""

    turns: tuple[SaidTurn, ...]
    words: Words
    error_rate: float


def known(lexicon: Lexicon) -> Lexicon:
    """The list with the companies that scenes name."""
    return dataclasses.replace(lexicon, companies=texts.COMPANIES[lexicon.language])


def scene(lexicon: Lexicon, seed: int, split: str, rate: float | None = None) -> Scene:
    """The call of a seed; `split` is 'fit' or 'test'."""
    rng = random.Random(f'{lexicon.language} {split} {seed}')
    turns = tuple(_Writer(lexicon, split, rng).turns())
    return Scene(turns, *_heard(lexicon, turns, rng, rate))


@dataclass
class _Writer:
    lexicon: Lexicon
    split: str
    rng: random.Random
    whole: Callable[[str, str], bool] = field(init=False)

    def __post_init__(self) -> None:
        from transforms.phrases.tongues import tongue_of
        bare = tongue_of(self.lexicon.language).whole_turn
        self.whole = lambda category, phrase: category in WEIGHTED or (
            category == 'repeat_request_banned' and phrase in bare)
        callers = self.lexicon.caller_categories
        self.lists = {who: [(category, [p for p in phrases if not self.whole(category, p)])
                            for category, phrases in self.lexicon.categories.items()
                            if (category in callers) == (who == CALLER)
                            and category not in WEIGHTED]
                      for who in (AGENT, CALLER)}

    def turns(self) -> list[SaidTurn]:
        return [self._turn(AGENT if n % 2 == 0 else CALLER, n == 0) for n in range(TURNS)]

    def _turn(self, who: str, first: bool) -> SaidTurn:
        rng, categories = self.rng, self.lexicon.categories
        if first and rng.random() < 0.5 and 'banned_opening' in categories:
            phrase = rng.choice(categories['banned_opening'])
            return SaidTurn(who, self.filled('banned_opening', phrase),
                            (('banned_opening', phrase),))
        if rng.random() < SIGNAL:
            phrase = rng.choice(categories['backchannel'])
            return SaidTurn(who, phrase, (('backchannel', phrase),))
        if rng.random() < BARE.get(who, 0.0):
            bare = [p for p in categories.get('repeat_request_banned', ())
                    if self.whole('repeat_request_banned', p)]
            if bare:
                phrase = rng.choice(bare)
                return SaidTurn(who, phrase, (('repeat_request_banned', phrase),))
        sentences, said = [], []
        before = self.plain() if rng.random() < 0.5 else ''
        if rng.random() < SAYS[who] and self.lists[who]:
            category, phrases = rng.choice(self.lists[who])
            phrase = rng.choice(phrases)
            sentences.append(self.carried(category, phrase))
            said.append((category, phrase))
            before = '' if self.opens(category, phrase) else before
        elif who == CALLER and rng.random() < WRONG_PARTY:
            sentences.append(self.carried(*self._of_agent()))
        else:
            sentences.append(self.plain())
        if rng.random() < 0.3:
            sentences.append(self.plain())
        glue = '' if self.lexicon.language in UNSPACED else ' '
        return SaidTurn(who, glue.join([before] * bool(before) + sentences), tuple(said))

    def opens(self, category: str, phrase: str) -> bool:
        """Whether a phrase is a bare word that counts at the beginning alone."""
        count = len(phrase.split()) if self.spaced else len(phrase.replace(' ', ''))
        return category in OPENS_SENTENCE and count <= (1 if self.spaced else OPENING_LETTERS)

    @property
    def spaced(self) -> bool:
        return self.lexicon.language in ('en', 'id')

    def _of_agent(self) -> tuple[str, str]:
        category, phrases = self.rng.choice(self.lists[AGENT])
        return category, self.rng.choice(phrases)

    def plain(self) -> str:
        return self._drawn(texts.PLAIN)

    def carried(self, category: str, phrase: str) -> str:
        """A phrase alone or with words before it, after it or both."""
        text = self.filled(category, phrase)
        if self.rng.random() < ALONE:
            return text
        glue = '' if self.lexicon.language in UNSPACED else ' '
        before, after = self.rng.choice(((1, 0), (0, 1), (1, 1)))
        opens = self.opens(category, phrase)
        parts = [self._drawn(texts.BEFORE)] * (before and not opens) + [text] + (
            [self._drawn(texts.AFTER)] * after)
        return glue.join(parts)

    def filled(self, category: str, phrase: str) -> str:
        """A phrase with a name, a company or a time in its slots."""
        language, rng = self.lexicon.language, self.rng
        times = (texts.SHORT if category == 'hold_time_limit' else texts.LONG if category in (
            'callback_commitment',) else rng.choice((texts.SHORT, texts.LONG)))[language]
        return (phrase.replace('{company}', rng.choice(texts.COMPANIES[language]))
                .replace('{name}', rng.choice(texts.NAMES[language]))
                .replace('{duration}', rng.choice(times)))

    def _drawn(self, source) -> str:
        language, rng = self.lexicon.language, self.rng
        return rng.choice(source[language][self.split]).format(
            a=rng.choice(texts.THINGS[language]), b=rng.choice(texts.PLACES[language]),
            n=rng.randrange(12, 990))


def _heard(lexicon: Lexicon, turns: Sequence[SaidTurn], rng: random.Random,
           rate: float | None
           ) -> tuple[Words, float]:
    language = lexicon.language
    vocabulary = [unit for turn in turns for unit in units(turn.text, language)]
    cased = language in ('en', 'id') and rng.random() < 0.4
    traditional = language == 'zh' and rng.random() < 0.3
    words: list[tuple[str, int, str]] = []
    meant: list[str] = []
    got: list[str] = []
    for n, turn in enumerate(turns):
        text = _written(turn.text, language) if cased else turn.text
        if language == 'ko':
            heard = [''.join(misheard(list(word), language, rng, vocabulary, rate))
                     for word in text.split()]
            heard = _spaced([word for word in heard if word], rng)
        else:
            heard = misheard(units(text, language), language, rng, vocabulary, rate)
        meant += units(turn.text.lower(), language)
        got += units(' '.join(heard).lower().replace('.', ''), language)
        if traditional:
            heard = [''.join(_TRADITIONAL.get(c, c) for c in word) for word in heard]
        words += [(word, n, turn.speaker) for word in heard]
    starts = [WORD_S * n for n in range(len(words))]
    return Words(
        tuple(starts), tuple(start + WORD_S for start in starts), tuple(w for w, _, _ in words),
        (None,) * len(words), ('aligned',) * len(words), tuple(n for _, n, _ in words),
        tuple(who for _, _, who in words)), error_rate(meant, got)


def units(text: str, language: str) -> list[str]:
    """Words, or characters without spaces."""
    return text.split() if language in ('en', 'id') else list(text.replace(' ', ''))


def _written(text: str, language: str) -> str:
    """A turn as it is written where capitals are told apart."""
    names = {part.lower(): part for group in (texts.NAMES, texts.COMPANIES)
             for name in group[language] for part in name.title().split()}
    words = [names.get(word.lower(), 'I' + word[1:] if word.split("'")[0] == 'i' else word)
             for word in text.split()]
    line = ' '.join(words)
    return line[:1].upper() + line[1:] + '.'


def _spaced(words: Sequence[str], rng: random.Random) -> list[str]:
    """Eojeol, some of them written together."""
    out: list[str] = []
    for word in words:
        if out and rng.random() < 0.15:
            out[-1] += word
        else:
            out.append(word)
    return out
