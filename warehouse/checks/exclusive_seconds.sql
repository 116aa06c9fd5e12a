-- The exclusive classes of time do not sum to the recording
SELECT k.call_id, k.standard, c.duration_s,
    agent_only_s + caller_only_s + overlap_s + gap_s + pause_s + ring_s + ivr_s + dead_air_s
        + hold_total_s AS sum_s
FROM kpis_all k JOIN calls c USING (call_id)
WHERE abs(sum_s - c.duration_s) > 0.05
