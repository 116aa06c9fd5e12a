-- A measure is NULL and no finding says why
SELECT call_id, standard, measure FROM (
    SELECT call_id, standard, unnest([
        CASE WHEN ring_to_answer_s IS NULL THEN 'ring_to_answer_s' END,
        CASE WHEN ring_count IS NULL THEN 'ring_count' END,
        CASE WHEN hold_count IS NULL THEN 'hold_count' END,
        CASE WHEN hold_longest_s IS NULL THEN 'hold_longest_s' END,
        CASE WHEN agent_interruptions IS NULL THEN 'agent_interruptions' END,
        CASE WHEN caller_interruptions IS NULL THEN 'caller_interruptions' END,
        CASE WHEN agent_backchannels IS NULL THEN 'agent_backchannels' END,
        CASE WHEN caller_backchannels IS NULL THEN 'caller_backchannels' END,
        CASE WHEN overlap_ratio IS NULL THEN 'overlap_ratio' END,
        CASE WHEN agent_talk_s IS NULL THEN 'agent_talk_s' END,
        CASE WHEN caller_talk_s IS NULL THEN 'caller_talk_s' END,
        CASE WHEN agent_talk_ratio IS NULL THEN 'agent_talk_ratio' END,
        CASE WHEN dead_air_count IS NULL THEN 'dead_air_count' END,
        CASE WHEN longest_silence_s IS NULL THEN 'longest_silence_s' END,
        CASE WHEN trailing_silence_s IS NULL THEN 'trailing_silence_s' END,
        CASE WHEN agent_reply_median_s IS NULL THEN 'agent_reply_median_s' END,
        CASE WHEN agent_longest_turn_s IS NULL THEN 'agent_longest_turn_s' END,
        CASE WHEN agent_speech_rate IS NULL THEN 'agent_speech_rate' END,
        CASE WHEN caller_speech_rate IS NULL THEN 'caller_speech_rate' END,
        CASE WHEN agent_loudness_dbfs IS NULL THEN 'agent_loudness_dbfs' END,
        CASE WHEN caller_loudness_dbfs IS NULL THEN 'caller_loudness_dbfs' END,
        CASE WHEN signoff_order IS NULL THEN 'signoff_order' END,
        CASE WHEN last_speaker IS NULL THEN 'last_speaker' END,
        CASE WHEN hung_up_by IS NULL THEN 'hung_up_by' END,
        CASE WHEN transfer_count IS NULL THEN 'transfer_count' END
    ]) AS measure FROM kpis_all)
ANTI JOIN (
    SELECT call_id, standard, replace(rule_id, 'kpi.', '') AS measure
    FROM findings WHERE stage = 'kpi' AND why <> ''
) USING (call_id, standard, measure)
WHERE measure IS NOT NULL
