-- The summary of Amazon Transcribe Call Analytics, for dashboards made for it: one row a call,
-- ConversationCharacteristics as in its output JSON. The caller is its CUSTOMER, times are
-- milliseconds. Non-talk time is holds and silences over 3 s; there is no sentiment.
CREATE VIEW tca_call_summary AS
WITH spans AS (
    SELECT
        k.*,
        [{'BeginOffsetMillis': s.start_ms, 'DurationMillis': s.end_ms - s.start_ms,
          'EndOffsetMillis': s.end_ms} FOR s IN coalesce(nontalk, [])] AS nobody,
        [{'BeginOffsetMillis': s.start_ms, 'DurationMillis': s.end_ms - s.start_ms,
          'EndOffsetMillis': s.end_ms} FOR s IN coalesce(agent_cut_in, [])] AS agent,
        [{'BeginOffsetMillis': s.start_ms, 'DurationMillis': s.end_ms - s.start_ms,
          'EndOffsetMillis': s.end_ms} FOR s IN coalesce(caller_cut_in, [])] AS caller
    FROM call_facts k
    WHERE k.standard = config_standard()
)
SELECT
    k.call_id AS JobName,
    'COMPLETED' AS JobStatus,
    'VOICE' AS Channel,
    k.language AS LanguageCode,
    [{'ParticipantRole': 'AGENT'}, {'ParticipantRole': 'CUSTOMER'}] AS Participants,
    {
        'TotalConversationDurationMillis': round(k.duration_s * 1000)::BIGINT,
        'NonTalkTime': {
            'Instances': k.nobody,
            'TotalTimeMillis': coalesce(list_sum([s.DurationMillis FOR s IN k.nobody]), 0)::BIGINT
        },
        'Interruptions': {
            'TotalCount': k.agent_interruptions + k.caller_interruptions,
            'TotalTimeMillis': CASE WHEN k.agent_interruptions IS NOT NULL
                THEN coalesce(list_sum([s.DurationMillis FOR s IN k.agent || k.caller]), 0)::BIGINT END,
            'InterruptionsByInterrupter': {
                'AGENT': CASE WHEN k.agent_interruptions IS NOT NULL
                    THEN k.agent END,
                'CUSTOMER': CASE WHEN k.caller_interruptions IS NOT NULL
                    THEN k.caller END
            }
        },
        'TalkSpeed': {'DetailsByParticipant': {
            'AGENT': {'AverageWordsPerMinute':
                CASE WHEN k.speech_rate_unit = 'word' THEN round(k.agent_speech_rate)::BIGINT END},
            'CUSTOMER': {'AverageWordsPerMinute':
                CASE WHEN k.speech_rate_unit = 'word' THEN round(k.caller_speech_rate)::BIGINT END}
        }},
        'TalkTime': {
            'DetailsByParticipant': {
                'AGENT': {'TotalTimeMillis': round(k.agent_talk_s * 1000)::BIGINT},
                'CUSTOMER': {'TotalTimeMillis': round(k.caller_talk_s * 1000)::BIGINT}
            },
            'TotalTimeMillis': round(k.agent_talk_s * 1000)::BIGINT
                + round(k.caller_talk_s * 1000)::BIGINT
        }
    } AS ConversationCharacteristics
FROM spans k
