"""Results to land in tests: whole calls, small or of a size that real ones have."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from warehouse.records import (
    Call,
    Event,
    Finding,
    Kpis,
    Reject,
    Result,
    Run,
    Turn,
    Words,
    reject_key,
)

NOW = datetime(2026, 11, 5, 10, 0, 0, 123456, tzinfo=timezone.utc)


def result(call_id='c1', *, day=date(2026, 11, 4), run_id='r1', agent='a7', turns=4, words=3,
           findings=2, sha=None, fingerprint='f1', standards=('default',), score=80.0, **call):
    """A consistent call of `turns` turns of 2 s, `words` words each: no check finds a fault."""
    started = datetime(day.year, day.month, day.day, 9, 30, tzinfo=timezone.utc) if day else None
    length = 2.0 * turns + 2.0
    record = Call(
        call_id=call_id, source_uri=f'/audio/{call_id}.wav', audio_sha256=sha or f'sha-{call_id}',
        started_at=started, call_date=day, duration_s=length, sample_rate_hz=8000, channels=2,
        codec='pcm_mulaw', direction='inbound', agent_id=agent, queue='billing', caller_id='+1555',
        language='en', hung_up_by='caller', lane_source='channel', agent_lane_source='manifest',
        agent_lane_confidence=1.0, agent_snr_db=31.5, caller_snr_db=None, diarizer=None,
        transcriber='provided', transcriber_model=None, transcript_trust='ok', manifest='{}',
        fingerprint=fingerprint, run_id=run_id, processed_at=NOW)
    record = replace(record, **call)
    said = [(n, ('agent', 'caller')[n % 2], 2.0 * n, 2.0 * n + 1.8) for n in range(turns)]
    spoken = [(n, who, start + k * 1.8 / words, start + (k + 1) * 1.8 / words, f'word{k}')
              for n, who, start, _ in said for k in range(words)]
    return Result(
        call=record,
        turns=tuple(Turn(n, who, False, start, end, ' '.join(f'word{k}' for k in range(words)),
                         words, 0.9, -23.5, None, 2.5) for n, who, start, end in said),
        words=Words(
            start_s=tuple(w[2] for w in spoken), end_s=tuple(w[3] for w in spoken),
            text=tuple(w[4] for w in spoken), confidence=(0.5,) * len(spoken),
            time_quality=('aligned',) * len(spoken), turn=tuple(w[0] for w in spoken),
            speaker=tuple(w[1] for w in spoken)),
        events=(*(Event(n, 'speech', '', who, start, end, 1.0)
                  for n, who, start, end in said),
                Event(turns, 'hold', 'music', None, length - 2.0, length, 0.9, 'music')),
        findings=tuple(Finding(standard, 'v1', f'rule-{n}', 'opening', 'A',
                               ('pass', 'fail')[n % 2], 1.0 - n % 2, 1.0, 0.5, 'heard',
                               start_s=0.0, end_s=1.0)
                       for standard in standards for n in range(findings)),
        kpis=tuple(Kpis(
            standard, 'v1', record.call_date, record.agent_id, record.queue, ring_to_answer_s=4.0,
            ring_count=1, ring_source='audio', hold_count=1,
            hold_total_s=2.0, hold_longest_s=2.0, hold_source='audio',
            agent_interruptions=0, caller_interruptions=0, agent_backchannels=0,
            caller_backchannels=0, overlap_ratio=0.0, agent_talk_s=1.8 * turns / 2,
            caller_talk_s=1.8 * turns / 2, agent_talk_ratio=0.5, agent_only_s=1.8 * turns / 2,
            caller_only_s=1.8 * turns / 2, overlap_s=0.0, gap_s=0.2 * turns, pause_s=0.0,
            ring_s=0.0, ivr_s=0.0, dead_air_s=0.0,
            dead_air_count=0, longest_silence_s=0.2, trailing_silence_s=0.0,
            agent_reply_median_s=0.2, agent_longest_turn_s=1.8, agent_speech_rate=100.0,
            caller_speech_rate=100.0, speech_rate_unit='word', agent_loudness_dbfs=-23.5,
            caller_loudness_dbfs=-23.5, last_speaker='caller', hung_up_by=record.hung_up_by,
            transfer_count=0, signoff_order='', signoff_status='unknown',
            etiquette_score=score, rules_passed=(findings + 1) // 2, rules_failed=findings // 2,
            rules_unknown=0) for standard in standards))


def at(later, **over):
    """The same call processed again `later` minutes after."""
    return result(processed_at=NOW + timedelta(minutes=later), **over)


def reject(call_id='bad', *, row=3, run_id='r1', failed_at=NOW, message='no audio'):
    uri = f'/audio/{call_id}.wav'
    return Reject(reject_key(uri, row, call_id), uri, row, call_id, 'decode', None, None,
                  'CallError', message, 'Record it again.', '{"call_id": "bad"}', run_id, failed_at)


def run(run_id='r1', published=1, skipped=0, rejected=0):
    return Run(run_id, NOW, NOW + timedelta(seconds=5), 'etiquette run inbox', 'f1',
               published + skipped + rejected, published, skipped, rejected, 10.0, 5.0, 100.0)
