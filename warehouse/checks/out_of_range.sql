-- A length, count, share or score lies outside what it can be
SELECT k.call_id, k.standard, c.duration_s, k.ring_to_answer_s, k.hold_total_s, k.agent_talk_s,
    k.caller_talk_s, k.agent_talk_ratio, k.overlap_ratio, k.dead_air_s, k.etiquette_lo,
    k.etiquette_score, k.etiquette_hi, k.etiquette_coverage
FROM kpis_all k JOIN calls c USING (call_id)
WHERE c.duration_s < 0
    OR least(k.ring_to_answer_s, k.ring_count, k.ring_at_least_s, k.hold_count, k.hold_total_s,
        k.hold_longest_s, k.agent_interruptions, k.caller_interruptions, k.agent_backchannels,
        k.caller_backchannels, k.agent_talk_s, k.caller_talk_s, k.agent_only_s, k.caller_only_s,
        k.overlap_s, k.gap_s, k.pause_s, k.ring_s, k.ivr_s, k.dead_air_s, k.dead_air_count,
        k.longest_silence_s, k.trailing_silence_s, k.agent_longest_turn_s, k.agent_speech_rate,
        k.caller_speech_rate, k.transfer_count, k.agent_talk_ratio, k.overlap_ratio,
        k.opening_score, k.hold_score, k.signoff_score, k.etiquette_lo, k.etiquette_coverage,
        k.rules_passed, k.rules_failed, k.rules_unknown) < -1e-6
    OR greatest(k.agent_talk_ratio, k.overlap_ratio, k.etiquette_coverage) > 1 + 1e-6
    OR greatest(k.opening_score, k.hold_score, k.signoff_score, k.etiquette_hi) > 100 + 1e-6
    OR k.etiquette_score < k.etiquette_lo - 1e-6 OR k.etiquette_score > k.etiquette_hi + 1e-6
