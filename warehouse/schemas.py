"""The tables of the warehouse: columns, types, keys, and what each column means.

Times are DOUBLE seconds from the first sample of the recording; instants end in `_at` and are
microseconds in UTC. The comments travel: they are field metadata in the Parquet and Delta
schemas and column comments in DuckDB.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TEXT, DOUBLE, INT, BIGINT = pa.string(), pa.float64(), pa.int32(), pa.int64()
BOOL, DATE, INSTANT = pa.bool_(), pa.date32(), pa.timestamp('us', tz='UTC')


@dataclass(frozen=True)
class Table:
    """A table: `key` names the columns that are unique together.

    `by_date` tables are partitioned by call_date. The `of_a_call` ones hold rows that a landing
    file brings, and whose rows are replaced whenever their call is published again. The `derived`
    ones repeat what others hold, as `derived/<name>.sql` says, for the views to be fast.
    `order` is the order of rows that `etiquette maintain` leaves in files, where it is not
    that of the key.
    """

    name: str
    comment: str
    key: tuple[str, ...]
    schema: pa.Schema
    by_date: bool = True
    of_a_call: bool = True
    derived: bool = False
    order: tuple[str, ...] = ()

    @property
    def sorted_by(self) -> tuple[str, ...]:
        """The columns by which the rows of a file are in order once they were joined."""
        order = self.order or self.key
        return tuple(name for name in order if not (self.by_date and name == 'call_date'))

    @property
    def nested(self) -> pa.StructType:
        """The type of a row inside a landing file: without the columns of its call."""
        return pa.struct([f for f in self.schema if f.name not in ('call_id', 'call_date')])


def _schema(*columns: tuple[str, pa.DataType, str]) -> pa.Schema:
    return pa.schema([pa.field(name, kind, metadata={'comment': comment})
                      for name, kind, comment in columns])


_CALL = ('call_id', TEXT, "The call: the manifest's id, or the start of its audio's sha256")
_DATE = ('call_date', DATE, 'Date of started_at in the configured timezone; NULL = not known')
_SPEAKER = ('speaker', TEXT, 'agent or caller')
_START = ('start_s', DOUBLE, 'Start, seconds from the first sample')
_END = ('end_s', DOUBLE, 'End, seconds from the first sample')
_STANDARD = ('standard', TEXT, 'The etiquette standard the call was judged by')
_VERSION = ('rule_version', TEXT, 'Version of the standard and lexicon')

_CALLS = _schema(
    _CALL,
    ('source_uri', TEXT, "The recording (the agent's file of a pair)"),
    ('audio_sha256', TEXT, 'sha256 of the audio file, hex'),
    ('started_at', INSTANT, 'Instant of the first sample, UTC'),
    _DATE,
    ('duration_s', DOUBLE, 'Length of the recording in seconds'),
    ('sample_rate_hz', INT, 'Sample rate as recorded'),
    ('channels', INT, 'Channels as recorded'),
    ('codec', TEXT, "FFmpeg's codec name, e.g. pcm_mulaw"),
    ('direction', TEXT, 'inbound or outbound; NULL = not known'),
    ('agent_id', TEXT, 'Who answered, as the phone system names them'),
    ('queue', TEXT, 'The queue or team the call came in on'),
    ('caller_id', TEXT, 'The other party, as the phone system names them'),
    ('language', TEXT, 'ISO 639-1 code'),
    ('hung_up_by', TEXT, 'agent or caller; NULL = not known'),
    ('lane_source', TEXT, 'channel = one party a channel; diarized = parties told apart in mono'),
    ('agent_lane_source', TEXT, 'manifest, config, phrases, first_speaker or holds'),
    ('agent_lane_confidence', DOUBLE, '0..1: that agent and caller are the right way round'),
    ('agent_snr_db', DOUBLE, "Signal over noise of the agent's lane, dB"),
    ('caller_snr_db', DOUBLE, "Signal over noise of the caller's lane, dB"),
    ('diarizer', TEXT, 'Engine that told the parties apart in mono; NULL = two channels'),
    ('transcriber', TEXT, 'Engine that heard the words: whisperx, pocketsphinx, provided, none'),
    ('transcriber_model', TEXT, 'The model it used'),
    ('transcript_trust', TEXT, 'ok = words can decide a rule; low = they cannot; none = no words'),
    ('manifest', TEXT, 'The admitted manifest row, JSON'),
    ('fingerprint', TEXT, 'sha256 of the perception settings, engines and models'),
    ('run_id', TEXT, 'The run that processed the call'),
    ('processed_at', INSTANT, 'When it was processed, UTC'),
)
_TURNS = _schema(
    _CALL, _DATE,
    ('turn', INT, 'Counts from 0 in order of time'), _SPEAKER,
    ('is_backchannel', BOOL, 'A listening signal inside the other party\'s talk'), _START, _END,
    ('text', TEXT, 'What was said, redacted'),
    ('word_count', INT, 'Words in the turn (characters in zh and ja)'),
    ('confidence', DOUBLE, 'Mean word score, 0..1'),
    ('level_dbfs', DOUBLE, 'RMS of its speech, dB under full scale'),
    ('f0_st', DOUBLE, 'Median pitch, semitones over 100 Hz'),
    ('f0_iqr_st', DOUBLE, 'Interquartile range of pitch, semitones'),
)
_WORDS = _schema(
    _CALL, _DATE,
    ('word', INT, 'Counts from 0 in order of time'),
    ('turn', INT, 'The turn it belongs to; -1 = none'), _SPEAKER, _START, _END,
    ('text', TEXT, 'The word, redacted'),
    ('confidence', DOUBLE, "0..1; NULL where the engine's is not to be believed"),
    ('time_quality', TEXT, 'aligned, interpolated or none'),
)
_EVENTS = _schema(
    _CALL, _DATE,
    ('event', INT, 'Counts from 0 in order of time'),
    ('kind', TEXT, 'speech, ring, ivr, hold, dead_air, silence, overlap, phrase, tone or note'),
    ('label', TEXT, 'Class within the kind: music, interruption_taken, farewell ...'),
    ('speaker', TEXT, 'agent or caller (who came in, for an overlap); NULL = neither'),
    _START, _END,
    ('confidence', DOUBLE, '0..1'),
    ('evidence', TEXT, 'What it was decided on, with numbers'),
)
_FINDINGS = _schema(
    _CALL, _DATE, _STANDARD, _VERSION,
    ('rule_id', TEXT, 'The rule'),
    ('stage', TEXT, 'Stage of the call it belongs to: pickup, opening, hold, closing ...'),
    ('tier', TEXT, 'A = decided by a deterministic rule, B = an indicator'),
    ('result', TEXT, 'pass, fail, unknown or not_applicable'),
    ('score', DOUBLE, '0..1, 1 = fully kept; NULL where unknown or not applicable'),
    ('weight', DOUBLE, 'Weight in its stage; 0 = reported, not charged'),
    ('stage_weight', DOUBLE, "The stage's weight in the call's score"),
    ('why', TEXT, 'Why this result'),
    ('confidence', DOUBLE, '0..1'),
    ('speaker', TEXT, 'Whose words or sounds decided it'),
    ('start_s', DOUBLE, 'Where in the call it was decided; NULL = the whole call'),
    ('end_s', DOUBLE, 'End of that place'),
    ('evidence', TEXT, 'The words or numbers it was decided on'),
)
_KPIS = _schema(
    _CALL, _STANDARD, _VERSION, _DATE,
    ('agent_id', TEXT, 'Who answered'),
    ('queue', TEXT, 'The queue or team'),
    ('ring_to_answer_s', DOUBLE, "First ring to the agent's first word; NULL = not known"),
    ('ring_count', INT, 'Rings started before the answer, as heard'),
    ('ring_source', TEXT, 'metadata, audio or audio_partial (recording starts inside ringing)'),
    ('ring_at_least_s', DOUBLE, 'Lower bound where the recording starts inside ringing'),
    ('hold_count', INT, 'Times the caller was parked'),
    ('hold_total_s', DOUBLE, 'Seconds the caller was parked'),
    ('hold_longest_s', DOUBLE, 'The longest hold'),
    ('hold_source', TEXT, 'metadata, audio or words, comma-separated'),
    ('agent_interruptions', INT, 'Times the agent cut the caller off; NULL = not measurable'),
    ('caller_interruptions', INT, 'Times the caller cut the agent off; NULL = not measurable'),
    ('agent_backchannels', INT, "The agent's listening signals: courtesy, not interruption"),
    ('caller_backchannels', INT, "The caller's listening signals"),
    ('agent_talk_s', DOUBLE, "The agent's speech, overlap included"),
    ('caller_talk_s', DOUBLE, "The caller's speech, overlap included"),
    ('agent_talk_ratio', DOUBLE, 'agent_talk_s / (agent_talk_s + caller_talk_s)'),
    ('agent_only_s', DOUBLE, 'Only the agent speaks. This and the next seven, with '
     'hold_total_s, sum to the recording'),
    ('caller_only_s', DOUBLE, 'Only the caller speaks'),
    ('overlap_s', DOUBLE, 'Both speak'),
    ('gap_s', DOUBLE, 'Short silence where the speaker changes'),
    ('pause_s', DOUBLE, 'Short silence where it does not'),
    ('ring_s', DOUBLE, 'Ringing'),
    ('ivr_s', DOUBLE, 'Announcements'),
    ('dead_air_s', DOUBLE, 'Unannounced silence of both, from 4 s'),
    ('overlap_ratio', DOUBLE, 'overlap_s / time in which anybody speaks'),
    ('dead_air_count', INT, 'Stretches of dead air'),
    ('longest_silence_s', DOUBLE, 'The longest silence of both'),
    ('trailing_silence_s', DOUBLE, 'Silence after the last word'),
    ('agent_reply_median_s', DOUBLE, 'Median of agent start minus caller end; < 0 = overlap'),
    ('agent_longest_turn_s', DOUBLE, "The agent's longest turn"),
    ('agent_speech_rate', DOUBLE, 'speech_rate_unit per minute of own speech'),
    ('caller_speech_rate', DOUBLE, 'speech_rate_unit per minute of own speech'),
    ('speech_rate_unit', TEXT, 'word, char (ja, zh) or syllable (ko)'),
    ('agent_loudness_dbfs', DOUBLE, "Loudness of the agent's speech"),
    ('caller_loudness_dbfs', DOUBLE, "Loudness of the caller's speech"),
    ('signoff_order', TEXT, "The agent's closing acts in order; '' = none said, NULL = not known"),
    ('signoff_spoken', TEXT, 'in_order, out_of_order, partial, missing, unknown, not_applicable'),
    ('signoff_status', TEXT, 'The same, with who hung up taken into account'),
    ('last_speaker', TEXT, 'Who spoke last'),
    ('hung_up_by', TEXT, 'agent or caller; NULL = not known'),
    ('transfer_count', INT, 'Transfers'),
    ('opening_score', DOUBLE, '0..100'),
    ('hold_score', DOUBLE, '0..100'),
    ('signoff_score', DOUBLE, '0..100'),
    ('etiquette_score', DOUBLE, '0..100, of what is known'),
    ('etiquette_lo', DOUBLE, 'The score were every unknown rule failed'),
    ('etiquette_hi', DOUBLE, 'The score were every unknown rule passed'),
    ('etiquette_coverage', DOUBLE, '0..1: share of the standard that is known'),
    ('rules_passed', INT, 'Applicable rules of weight > 0 that passed'),
    ('rules_failed', INT, 'Applicable rules of weight > 0 that failed'),
    ('rules_unknown', INT, 'Applicable rules of weight > 0 that could not be decided'),
)
_RULE_DAY = _schema(
    _DATE,
    ('agent_id', TEXT, 'Who answered'),
    ('queue', TEXT, 'The queue or team'),
    _STANDARD, _VERSION,
    ('rule_id', TEXT, 'The rule'),
    ('passed', BIGINT, 'Calls that keep it'),
    ('failed', BIGINT, 'Calls that break it'),
    ('unknown', BIGINT, 'Calls where it could not be decided'),
    ('not_applicable', BIGINT, 'Calls it does not apply to'),
    ('sum_weight', DOUBLE, 'Weight of the decided calls'),
    ('sum_score', DOUBLE, 'Their score times weight: sum_score / sum_weight is the mean score'),
    ('stage', TEXT, 'Stage of the call that the rule belongs to'),
    ('weighed', BIGINT, 'Calls where it passed or failed with a weight > 0'),
    ('weighed_failed', BIGINT, 'Calls where it failed with one'),
    ('weighed_unknown', BIGINT, 'Calls where it could not be decided and has one'),
)
_RULE_MONTH = pa.schema([*_RULE_DAY, *_schema(
    ('first_date', DATE, 'The first call_date in it'),
    ('last_date', DATE, 'The last one'),
    ('examples', pa.list_(pa.struct([
        ('day', DATE), ('call_id', TEXT), ('start_s', DOUBLE), ('why', TEXT)])),
     'The three newest calls that break it'))])
_FAILURES = pa.schema([*_FINDINGS, *_schema(
    ('agent_id', TEXT, 'Who answered'),
    ('queue', TEXT, 'The queue or team'),
    ('started_at', INSTANT, 'Instant of the first sample, UTC'),
    ('place', BIGINT, 'Its place among those of the day, by call, time and rule'))])
_FAILURES = pa.schema([f for f in _FAILURES if f.name not in ('result', 'score', 'stage_weight')])
_SPANS = pa.list_(pa.struct([('start_ms', BIGINT), ('end_ms', BIGINT)]))
_CALL_FACTS = pa.schema([*_KPIS, *_schema(
    ('started_at', INSTANT, 'Instant of the first sample, UTC'),
    ('duration_s', DOUBLE, 'Length of the recording in seconds'),
    ('direction', TEXT, 'inbound or outbound; NULL = not known'),
    ('language', TEXT, 'ISO 639-1 code'),
    ('caller_id', TEXT, 'The other party, as the phone system names them'),
    ('source_uri', TEXT, 'The recording'),
    ('processed_at', INSTANT, 'When it was processed, UTC'),
    ('transcript_trust', TEXT, 'ok, low or none'),
    ('contact_id', TEXT, 'The contact it is a part of, as the phone system names it'),
    ('answered_s', DOUBLE, 'When it was answered, as the phone system tells'),
    ('ended_s', DOUBLE, 'When it ended, as the phone system tells'),
    ('has_holds', BOOL, 'Whether the phone system tells holds'),
    ('heard_ringing_s', DOUBLE, 'Ringing heard where the phone system tells it'),
    ('heard_ringing_part_s', DOUBLE, 'The same where the recording starts inside it'),
    ('heard_holds', BIGINT, 'Holds heard where the phone system tells them'),
    ('heard_hold_s', DOUBLE, 'Their seconds'),
    ('left_by', TEXT, 'In whose channel busy or congestion follows the last word: agent, caller or '
                      'nobody (no channel of its own)'),
    ('offer_s', DOUBLE, 'When the agent offered help'),
    ('agent_first_s', DOUBLE, 'When the agent first spoke'),
    ('caller_first_s', DOUBLE, 'When the caller first spoke'),
    ('first_reply_s', DOUBLE, "From the end of the caller's first turn to the agent's reply"),
    ('failed', pa.list_(TEXT), 'Rules of weight > 0 not kept and why, the costliest first'),
    ('not_kept', pa.list_(TEXT), 'All rules not kept'),
    ('nontalk_s', DOUBLE, 'Seconds of holds and of silences over 3 s'),
    ('nontalk', _SPANS, 'Holds and silences over 3 s; times in ms, as in the next two'),
    ('agent_cut_in', _SPANS, 'Interruptions by the agent of 0.5 s or more'),
    ('caller_cut_in', _SPANS, 'Interruptions by the caller of 0.5 s or more'),
    *((f'{who}_{ms}ms', BIGINT, f'Interruptions by the {who} of {ms / 1000} s or more')
      for who in ('agent', 'caller') for ms in (300, 500, 1000, 2000)))])
_DAY_FACTS = _schema(
    _DATE,
    ('agent_id', TEXT, 'Who answered'),
    ('queue', TEXT, 'The queue or team'),
    _STANDARD,
    ('calls', BIGINT, 'Calls'),
    ('duration_s', DOUBLE, 'Their recordings together; so all that ends in _s, where not said'),
    ('rings_s', pa.list_(DOUBLE), "The calls' times to the answer, where known, the least first"),
    ('ring_known', BIGINT, 'Calls whose time to the answer is known'),
    ('ring_s', DOUBLE, 'Their times to the answer'),
    ('ring_p90_s', DOUBLE, 'Nine of ten were answered sooner'),
    ('holds', BIGINT, 'Holds'),
    ('hold_s', DOUBLE, 'Their lengths'),
    ('hold_longest_s', DOUBLE, 'The longest hold'),
    ('hold_known_s', DOUBLE, 'Holds of the calls whose holds are counted'),
    ('hold_of_s', DOUBLE, 'Recordings of these calls'),
    ('interruptions_known', BIGINT, 'Calls in which overlap can be measured'),
    ('agent_interruptions', BIGINT, 'Times agents cut callers off'),
    ('caller_interruptions', BIGINT, 'Times callers cut agents off'),
    ('agent_interruptions_of_s', DOUBLE, "Callers' talk where the former are known"),
    ('caller_interruptions_of_s', DOUBLE, "Agents' talk where the latter are known"),
    ('agent_talk_s', DOUBLE, "Agents' talk"),
    ('talk_s', DOUBLE, "Agents' and callers' talk, where both are known"),
    ('dead_air_s', DOUBLE, 'Dead air of the calls in which it is counted'),
    ('dead_air_of_s', DOUBLE, 'Recordings of these calls'),
    ('replies_s', pa.list_(DOUBLE), "The calls' medians of the agent's reply, the least first"),
    ('reply_median_s', DOUBLE, 'Their median'),
    ('signoff_in_order', BIGINT, 'Calls closed in order'),
    ('signoff_known', BIGINT, 'Calls whose closing is known'),
    ('scored', BIGINT, 'Calls with a score'),
    ('score', DOUBLE, 'Sum of their scores'),
    ('score_squared', DOUBLE, 'Sum of the squares of their scores'),
    ('coverage_known', BIGINT, 'Calls whose coverage is known'),
    ('coverage', DOUBLE, 'Sum of their coverages'),
)
_HOLD_QUARTERS = _schema(
    _DATE,
    ('queue', TEXT, 'The queue or team'),
    _STANDARD,
    ('quarter', BIGINT, 'When they began: quarters of an hour since 1970, UTC; NULL = not known'),
    ('since', BIGINT, 'How many quarters after the hold before in the same call; NULL = its '
     'first, or 8 or more'),
    ('holds', BIGINT, 'Holds'),
    ('hold_total_s', DOUBLE, 'Their lengths together'),
    ('hold_longest_s', DOUBLE, 'The longest'),
    ('lengths_s', pa.list_(DOUBLE), 'The length of each, the least first'),
)
_MOMENTS = _schema(
    _CALL, _DATE, _STANDARD,
    ('event', INT, 'Of `events`'),
    ('kind', TEXT, 'hold, overlap (interruptions) or phrase (call backs)'),
    ('number', BIGINT, 'Counts from 1 in order of time, within the kind'),
    ('label', TEXT, 'Class within the kind'), _SPEAKER, _START, _END,
    ('confidence', DOUBLE, '0..1'),
    ('evidence', TEXT, 'What it was decided on, with numbers'),
    ('cut_off_text', TEXT, 'What the party that was cut off was saying'),
    ('agent_id', TEXT, 'Who answered'),
    ('queue', TEXT, 'The queue or team'),
    ('started_at', INSTANT, 'Instant of the first sample, UTC'),
    ('is_measured', BOOL, 'Whether interruptions can be counted in this call'),
)
_REJECTS = _schema(
    ('reject_key', TEXT, 'sha256 of (source_uri, row, call_id), hex'),
    ('source_uri', TEXT, 'The recording'),
    ('row', INT, 'Row of the manifest, 1-based'),
    ('call_id', TEXT, 'The call, where it has an id'),
    ('step', TEXT, 'Where it failed: manifest, admit, decode ...'),
    ('field', TEXT, 'The manifest field at fault'),
    ('value', TEXT, 'Its value'),
    ('error', TEXT, "The error's class, or crashed"),
    ('message', TEXT, 'What is wrong'),
    ('way_out', TEXT, 'What to do about it'),
    ('manifest', TEXT, 'The row as it was given, JSON'),
    ('run_id', TEXT, 'The run that rejected it'),
    ('failed_at', INSTANT, 'When, UTC'),
)
_RUNS = _schema(
    ('run_id', TEXT, 'The run'),
    ('started_at', INSTANT, 'UTC'),
    ('finished_at', INSTANT, 'UTC'),
    ('command', TEXT, 'The command line'),
    ('fingerprint', TEXT, 'sha256 of the perception settings, engines and models'),
    ('calls_in', INT, 'calls_published + calls_skipped + calls_rejected'),
    ('calls_published', INT, 'Calls processed and published'),
    ('calls_skipped', INT, 'Calls already there, or rejected before and unchanged'),
    ('calls_rejected', INT, 'Calls that could not be processed'),
    ('audio_s', DOUBLE, 'Seconds of audio processed'),
    ('work_s', DOUBLE, 'Seconds of work, all workers'),
    ('peak_rss_mb', DOUBLE, 'Largest memory of a process, MiB'),
)

TABLES: dict[str, Table] = {t.name: t for t in (
    Table('calls', 'One row a call: the recording and how it was heard', ('call_id',), _CALLS),
    Table('turns', 'Who said what, when', ('call_id', 'turn'), _TURNS),
    Table('words', 'Every word with its time', ('call_id', 'word'), _WORDS),
    Table('events', 'Rings, holds, silences, overlaps, phrases: what the KPIs are made of',
          # By kind first: most questions are about one kind, and skip the row groups of others.
          ('call_id', 'event'), _EVENTS, order=('kind', 'call_id', 'event')),
    Table('findings', 'What each rule says of each call, and why',
          ('call_id', 'standard', 'rule_id'), _FINDINGS),
    Table('kpis', 'One row a call and standard: the measures and scores',
          ('call_id', 'standard'), _KPIS),
    Table('rule_day', 'Results a day, agent, queue and rule',
          ('call_date', 'agent_id', 'queue', 'standard', 'rule_version', 'rule_id'), _RULE_DAY,
          of_a_call=False, derived=True),
    Table('failures', 'Broken rules of weight, one by one', ('call_id', 'standard', 'rule_id'),
          _FAILURES, of_a_call=False, derived=True),
    Table('rule_month', 'Results a month (call_date is its first day), agent, queue and rule',
          ('call_date', 'agent_id', 'queue', 'standard', 'rule_version', 'rule_id'), _RULE_MONTH,
          of_a_call=False, derived=True),
    Table('call_facts', 'One row a call and standard: KPIs with what other tables add to them',
          ('call_id', 'standard'), _CALL_FACTS, of_a_call=False, derived=True),
    Table('day_facts', 'KPIs a day, agent, queue and standard: sums, and values for quantiles',
          ('call_date', 'agent_id', 'queue', 'standard'), _DAY_FACTS, of_a_call=False,
          derived=True),
    Table('moments', 'Holds, interruptions and promised call backs, one by one',
          ('call_id', 'standard', 'event'), _MOMENTS, of_a_call=False, derived=True,
          order=('standard', 'kind', 'call_id', 'event')),
    Table('hold_quarters', 'Holds a day, queue and quarter of an hour in which they began',
          ('call_date', 'queue', 'standard', 'quarter', 'since'), _HOLD_QUARTERS,
          of_a_call=False, derived=True),
    Table('rejects', 'Calls that could not be processed, and the way out', ('reject_key',),
          _REJECTS, by_date=False, of_a_call=False),
    Table('runs', 'One row a run', ('run_id',), _RUNS, by_date=False, of_a_call=False),
)}
OF_A_CALL = tuple(name for name, table in TABLES.items() if table.of_a_call)
