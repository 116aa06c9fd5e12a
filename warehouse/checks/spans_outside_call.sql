-- A turn, word or event ends before it starts, or lies outside the recording by more than 0.1 s
SELECT 'turns' AS name, t.call_id, t.turn AS number, t.start_s, t.end_s
FROM turns t JOIN calls c USING (call_id)
WHERE t.end_s < t.start_s OR t.start_s < -0.1 OR t.end_s > c.duration_s + 0.1
UNION ALL
SELECT 'words', w.call_id, w.word, w.start_s, w.end_s
FROM words w JOIN calls c USING (call_id)
WHERE w.end_s < w.start_s OR w.start_s < -0.1 OR w.end_s > c.duration_s + 0.1
UNION ALL
SELECT 'events', e.call_id, e.event, e.start_s, e.end_s
FROM events e JOIN calls c USING (call_id)
WHERE e.end_s < e.start_s OR e.start_s < -0.1 OR e.end_s > c.duration_s + 0.1
