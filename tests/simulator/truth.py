"""What is true of a simulated call, read off its script: nothing here listens to audio."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from tests.simulator.bank import voices
from tests.simulator.script import AGENT, CALLER, IVR, Overlap, Script, Utterance

REACH_S = 0.02  # of a word that must be heard to count as said


class Turn(NamedTuple):
    """An utterance: `speaker` is agent or caller."""

    speaker: str
    voice: str
    start_s: float
    end_s: float
    text: str


class Spoken(NamedTuple):
    """A word; of one that was broken off, the time that was heard."""

    start_s: float
    end_s: float
    text: str


class RingSpan(NamedTuple):
    start_s: float
    end_s: float
    country: str


class HoldSpan(NamedTuple):
    start_s: float
    end_s: float
    kind: str


@dataclass(frozen=True)
class Truth:
    """The script's intentions with their times.

    Attributes:
      turns: utterances of agent and caller, listening signals included, by start.
      words: by speaker; punctuation only where the speaker finished the sentence.
      signals: (speaker, start_s, end_s, text) of listening signals, over the other's talk or in a
        breath of it.
      rings: of the ringing before the answer; transfer_rings: later ones.
      answer_s: the agent's first speech.
      holds: music from first to last note; silence, zero and beeps from the last word before to the
        agent's next sound.
      overlaps: with the class that was intended; the span is where both sound.
      ivr: recorded prompts and announcements.
      dead_air: unannounced silences of 4 s or more; long_silences: all drawn ones.
      beeps, keys: record-warning beeps and DTMF, (start_s, end_s).
      agent_channel: None where a channel does not tell the parties apart.
      speakers: voice -> agent, caller or ivr.
    """

    turns: tuple[Turn, ...]
    words: dict[str, tuple[Spoken, ...]]
    signals: tuple[tuple[str, float, float, str], ...]
    rings: tuple[RingSpan, ...]
    transfer_rings: tuple[RingSpan, ...]
    answer_s: float
    holds: tuple[HoldSpan, ...]
    overlaps: tuple[Overlap, ...]
    ivr: tuple[tuple[float, float], ...]
    dead_air: tuple[tuple[float, float], ...]
    long_silences: tuple[tuple[float, float], ...]
    beeps: tuple[tuple[float, float], ...]
    keys: tuple[tuple[float, float], ...]
    agent_channel: int | None
    starts_in_ring: bool
    speakers: dict[str, str]
    duration_s: float

    def as_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return asdict(self)

    def talk(self, speaker: str) -> list[tuple[float, float]]:
        """The speaker's utterances as sorted, disjoint spans."""
        out: list[tuple[float, float]] = []
        for turn in self.turns:
            if turn.speaker == speaker:
                if out and turn.start_s <= out[-1][1]:
                    out[-1] = (out[-1][0], max(out[-1][1], turn.end_s))
                else:
                    out.append((turn.start_s, turn.end_s))
        return out


def said(utterance: Utterance) -> tuple[Spoken, ...]:
    """The words of an utterance that were heard, at their times in the call."""
    clip = voices()[utterance.voice].clips[utterance.clip]
    out = []
    for start, end, text in clip.words:
        if start + REACH_S > utterance.keep_s:
            break
        whole = end <= utterance.keep_s + REACH_S
        out.append(Spoken(utterance.start_s + start,
                          utterance.start_s + min(end, utterance.keep_s),
                          text if whole else text.rstrip('.,?!')))
    if len(out) < len(clip.words) and out:
        out[-1] = out[-1]._replace(text=out[-1].text.rstrip('.,?!'))
    return tuple(out)


def truth_of(script: Script) -> Truth:
    """What is true of the call."""
    parties = sorted((u for u in script.utterances if u.speaker != IVR), key=lambda u: u.start_s)
    texts = {id(u): said(u) for u in parties}
    turns = tuple(Turn(u.speaker, u.voice, u.start_s, u.end_s,
                       ' '.join(word.text for word in texts[id(u)])) for u in parties)
    words = {who: tuple(sorted(word for u in parties if u.speaker == who for word in texts[id(u)]))
             for who in (AGENT, CALLER)}
    rings = [(ring.transfer, RingSpan(max(0.0, ring.onset_s), ring.end_s, ring.country))
             for ring in script.rings]
    tones = {kind: tuple((tone.start_s, tone.end_s) for tone in script.tones if tone.kind == kind)
             for kind in ('record_beep', 'key')}
    two = {'two_channel': 0, 'swapped': 1, 'one_way': 0}
    return Truth(
        turns=turns,
        words=words,
        signals=tuple((u.speaker, u.start_s, u.end_s, turn.text)
                      for u, turn in zip(parties, turns, strict=True) if u.signal),
        rings=tuple(span for transfer, span in rings if not transfer),
        transfer_rings=tuple(span for transfer, span in rings if transfer),
        answer_s=min(u.start_s for u in parties if u.speaker == AGENT),
        holds=tuple(HoldSpan(h.start_s, h.end_s, h.kind)
                    for h in script.holds if not h.talked_over),
        overlaps=tuple(sorted(script.overlaps, key=lambda o: o.start_s)),
        ivr=tuple((u.start_s, u.end_s) for u in script.utterances if u.speaker == IVR),
        dead_air=tuple(span for span in script.dead_air if span[1] - span[0] >= 4.0),
        long_silences=script.dead_air,
        beeps=tones['record_beep'],
        keys=tones['key'],
        agent_channel=two.get(str(script.knobs.layout)),
        starts_in_ring=any(ring.onset_s < 0 for ring in script.rings),
        speakers={u.voice: u.speaker for u in script.utterances},
        duration_s=script.duration_s)
