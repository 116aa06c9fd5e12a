"""A call's way, stage by stage: each takes the `Conversation` so far and fills in its part.

The loaders here run on the worker, once per process, and load what their stage needs (models,
phrase matchers). What they do to a call is in the module named like the stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from transforms import levels
from transforms.assess import assess
from transforms.bleed import BleedOptions
from transforms.conversation import Conversation, Lane, Note, Reference, RunContext, Sound
from transforms.decode import DecodeOptions, decode, sha256_of
from transforms.delivery import Loudness, ends
from transforms.diarize import DiarizeOptions, load_diarizer, load_ear
from transforms.ivr import hear_prompts
from transforms.lanes import LaneOptions, find_lanes, not_speech
from transforms.leak import take_out_leaks
from transforms.lexicon import Lexicon
from transforms.metadata import metadata_of
from transforms.phrasebook import Phrasebook
from transforms.phrases import opening_score
from transforms.privacy import without_places
from transforms.redact import RedactOptions, redact_words
from transforms.references import load_references
from transforms.roles import RoleOptions, tell_agent
from transforms.sounds import SoundOptions, hear_sounds
from transforms.standard import Standard
from transforms.transcribe import TranscribeOptions, Transcript, load_transcriber
from transforms.turns import build_turns, speech_events
from transforms.vad import VadOptions, load_vad
from warehouse import landing, ledger
from warehouse.records import AGENT, CALLER, Call, Event, Result, Turn

Stage = Callable[[Conversation], Conversation]


def admit(context: RunContext) -> Callable[[Reference], Conversation | None]:
    """Takes a call up and hashes its audio; one that is done already ends its way here."""
    root, book = Path(context.warehouse), Path(context.ledger)

    def stage(ref: Reference) -> Conversation | None:
        if context.claims and not ledger.claim(book, ref.key):
            return None
        ledger.append(book, ledger.Entry(ref.key, ledger.STARTED, ref.call_id))
        sha256 = sha256_of(ref)
        done = None if context.force else _done_already(ref, sha256, root, context)
        if done:
            outcome, why = done
            ledger.append(book, ledger.Entry(ref.key, outcome, ref.call_id, why))
            return None
        return Conversation(ref=ref, audio_sha256=sha256)

    return stage


def _done_already(ref: Reference, sha256: str, root: Path,
                  context: RunContext) -> tuple[str, str] | None:
    landed = landing.peek(root, ref.call_id)
    if landed and (landed.audio_sha256, landed.fingerprint) == (sha256, context.fingerprint):
        return ledger.LANDED, 'recovered'
    if ref.published_sha256 != sha256:
        return None
    if ref.published_fingerprint == context.fingerprint:
        return ledger.SKIPPED, 'published'
    return None if context.redo_stale else (ledger.SKIPPED, 'stale')


def decoding(options: DecodeOptions, context: RunContext) -> Stage:
    book = Path(context.ledger)

    def stage(call: Conversation) -> Conversation:
        decoded = decode(call.ref, options)
        levels.take_out_offset(decoded.audio)
        ledger.append(book, ledger.Entry(call.ref.key, ledger.DECODED, call.ref.call_id,
                                         audio_s=decoded.duration_s))
        return replace(call, audio=decoded.audio, duration_s=decoded.duration_s,
                       sample_rate_hz=decoded.sample_rate_hz, channels=decoded.channels,
                       codec=decoded.codec)
    return stage


def listening(options: SoundOptions, bleed: BleedOptions, vad: VadOptions,
              decoding_by: DecodeOptions) -> Stage:
    """Sounds that are no conversation, and what leaks from one channel into the other."""
    heard_by = cache(lambda: load_vad(vad))
    references = load_references(options.references, decoding_by, options.spectrum,
                                 options.matching)

    def heard(call: Conversation) -> tuple[Sound, ...]:
        assert call.audio is not None
        sounds = hear_sounds(call.audio, options, heard_by, references)
        prompts = hear_prompts(call.audio, sounds, heard_by, metadata_of(call.ref).answered_s,
                               options.ivr)
        return (*sounds, *prompts)

    def stage(call: Conversation) -> Conversation:
        assert call.audio is not None
        sounds = heard(call)
        leaks = take_out_leaks(call.audio, not_speech(sounds), bleed)
        if leaks != (None, None):  # or a sound that leaked is heard in both channels
            sounds = heard(call)
        return replace(call, sounds=sounds, leaks=leaks)
    return stage


def parting(vad: VadOptions, lanes: LaneOptions, diarize: DiarizeOptions) -> Stage:
    """Who speaks when. The diarizer is loaded at the first mono call, if one comes."""
    heard_by = load_vad(vad)
    diarizer, ear = cache(lambda: load_diarizer(diarize)), cache(load_ear)

    def stage(call: Conversation) -> Conversation:
        assert call.audio is not None
        found = find_lanes(call.audio, call.sounds, lanes, heard_by, diarizer,
                           len(metadata_of(call.ref).transfers), ear, call.leaks)
        return replace(call, leaks=(None, None), lanes=found.lanes, lane_source=found.lane_source,
                       diarizer=found.diarizer, sounds=found.sounds)
    return stage


def transcribing(options: TranscribeOptions, lexicon: Lexicon) -> Stage:
    transcriber = load_transcriber(options, lexicon)

    def stage(call: Conversation) -> Conversation:
        assert call.audio is not None
        heard = transcriber.hear(call.audio, call.lanes, call.ref.language, call.ref)
        lanes = tuple(replace(lane, words=words)
                      for lane, words in zip(call.lanes, heard.words, strict=True))
        return replace(call, lanes=lanes, language=heard.language, transcriber=heard.transcriber,
                       transcriber_model=heard.model, transcript_trust=heard.trust,
                       notes=notes_of(heard, call.duration_s))
    return stage


def casting(options: RoleOptions, agent_channel: int | None, phrasebook: Phrasebook) -> Stage:
    """Which lane is the agent; `agent_channel` is the default where the manifest says nothing."""
    def stage(call: Conversation) -> Conversation:
        matcher = phrasebook.matcher(call.language or call.ref.language)
        phrases = (lambda words: opening_score(words, matcher)) if matcher else None
        role = tell_agent(call.lanes, call.ref, agent_channel, phrases,
                          call.transcript_trust == 'ok', options, call.sounds)
        return replace(call, agent_lane=role.lane, agent_lane_source=role.source,
                       agent_lane_confidence=role.confidence)
    return stage


def redacting(options: RedactOptions) -> Stage:
    def stage(call: Conversation) -> Conversation:
        return replace(call, lanes=tuple(
            replace(lane, words=redact_words(lane.words, options)) for lane in call.lanes))
    return stage


def taking_turns(standard: Standard, phrasebook: Phrasebook) -> Stage:
    """Turns with their words, level and pitch; afterwards nobody needs the samples."""
    def stage(call: Conversation) -> Conversation:
        assert call.audio is not None
        agent, caller = parties(call)
        lanes = {AGENT: agent, CALLER: caller}
        turns, words = build_turns(
            agent, caller, standard, phrasebook.signals(call.language or call.ref.language),
            transcriber=call.transcriber,
            transcript_trust=call.transcript_trust,
            loudness={who: Loudness(call.audio, lane) for who, lane in lanes.items()})
        pitch = {who: levels.pitch_of(call.audio, lane.channel, lane.speech)
                 for who, lane in lanes.items()}
        endings = {AGENT: ends(agent, caller, pitch[AGENT], standard),
                   CALLER: ends(caller, agent, pitch[CALLER], standard)}
        events = (*speech_events(agent, caller, endings),
                  *(sound_event(sound, call) for sound in call.sounds),
                  *(note_event(note, call) for note in call.notes))
        return replace(call, audio=None, turns=with_voices(call, turns, pitch), words=words,
                       events=events)
    return stage


def with_voices(call: Conversation, turns: tuple[Turn, ...],
                pitch: Mapping[str, levels.Pitch]) -> tuple[Turn, ...]:
    """The turns with the level and pitch of their speech; `pitch` is each party's."""
    assert call.audio is not None
    out = {}
    for speaker, lane in zip((AGENT, CALLER), parties(call), strict=True):
        own = [turn for turn in turns if turn.speaker == speaker]
        voices = levels.measure(call.audio, lane, [(turn.start_s, turn.end_s) for turn in own],
                                pitch[speaker])
        for turn, voice in zip(own, voices, strict=True):
            out[turn.turn] = turn._replace(level_dbfs=voice.level_dbfs, f0_st=voice.f0_st,
                                          f0_iqr_st=voice.f0_iqr_st)
    return tuple(out[turn.turn] for turn in turns)


def judging(standards: tuple[Standard, ...], phrasebook: Phrasebook,
            context: RunContext) -> Stage:
    """Events, findings and KPIs under each standard, from the rows that are stored alone."""
    def stage(call: Conversation) -> Conversation:
        record = call_record(call, context)
        judged = [assess(record, call.turns, call.words, call.events, standard, phrasebook)
                  for standard in standards]
        return replace(call, events=judged[0].events,
                       findings=tuple(f for j in judged for f in j.findings),
                       kpis=tuple(k for j in judged for k in j.kpis))
    return stage


def landing_call(context: RunContext) -> Stage:
    root, book = Path(context.warehouse), Path(context.ledger)

    def stage(call: Conversation) -> Conversation:
        record = replace(call_record(call, context), processed_at=datetime.now(timezone.utc))
        landing.put(root, Result(record, call.turns, call.words, call.events, call.findings,
                                 call.kpis))
        ledger.append(book, ledger.Entry(
            call.ref.key, ledger.LANDED, call.ref.call_id, audio_s=call.duration_s,
            work_s=call.work_s, rss_mb=ledger.peak_rss_mb()))
        return call
    return stage


def parties(call: Conversation) -> tuple[Lane, Lane]:
    """The agent's lane and the caller's; empty ones where nobody was heard."""
    if not call.lanes:
        return Lane(0), Lane(0)
    agent = call.agent_lane or 0
    return call.lanes[agent], call.lanes[1 - agent]


def sound_event(sound: Sound, call: Conversation) -> Event:
    """A sound as an event; the speaker is the party in whose channel alone it was heard."""
    return Event(0, sound.kind, sound.label, _speaker_of(sound.channel, call), sound.start_s,
                 sound.end_s, sound.confidence, sound.evidence)


def note_event(note: Note, call: Conversation) -> Event:
    return Event(0, 'note', note.label, _speaker_of(note.channel, call), note.start_s, note.end_s,
                 note.confidence, note.evidence)


def notes_of(heard: Transcript, duration_s: float) -> tuple[Note, ...]:
    """What a transcript says of itself: what was dropped, and why it is not to be trusted."""
    doubt = (Note('transcript_trust', None, 0.0, duration_s, None, heard.why),) if heard.why else ()
    return (*heard.notes, *doubt)


def _speaker_of(channel: int | None, call: Conversation) -> str | None:
    if channel is None or call.lane_source != 'channel':
        return None
    return AGENT if channel == parties(call)[0].channel else CALLER


def call_record(call: Conversation, context: RunContext) -> Call:
    """The row of `calls` that the conversation has come to."""
    ref = call.ref
    agent, caller = parties(call)
    date = ref.started_at and ref.started_at.astimezone(ZoneInfo(context.timezone)).date()
    record = Call(
        call_id=ref.call_id, source_uri=ref.source_uri, audio_sha256=call.audio_sha256,
        started_at=ref.started_at, call_date=date, duration_s=call.duration_s,
        sample_rate_hz=call.sample_rate_hz, channels=call.channels, codec=call.codec,
        direction=ref.direction, agent_id=ref.agent_id, queue=ref.queue, caller_id=ref.caller_id,
        language=call.language or ref.language, hung_up_by=ref.hung_up_by,
        lane_source=call.lane_source, agent_lane_source=call.agent_lane_source,
        agent_lane_confidence=call.agent_lane_confidence, agent_snr_db=agent.snr_db,
        caller_snr_db=caller.snr_db, diarizer=call.diarizer, transcriber=call.transcriber,
        transcriber_model=call.transcriber_model, transcript_trust=call.transcript_trust,
        manifest=ref.manifest, fingerprint=context.fingerprint, run_id=context.run_id)
    return without_places(record) if context.mask_source else record
