-- Turns, words or events are not counted from 0 without a gap, or not in order of time
SELECT name, call_id, number, start_s FROM (
    SELECT name, call_id, number, start_s,
        lag(number, 1, -1) OVER counted AS number_before,
        lag(start_s) OVER counted AS start_before
    FROM (
        SELECT 'turns' AS name, call_id, turn AS number, start_s FROM turns
        UNION ALL SELECT 'words', call_id, word, start_s FROM words
        UNION ALL SELECT 'events', call_id, event, start_s FROM events)
    WINDOW counted AS (PARTITION BY name, call_id ORDER BY number))
WHERE number <> number_before + 1 OR start_s < start_before
