-- Turns, words or events are not counted from 0 without a gap, or not in order of time
SELECT 'turns' AS name, call_id, number, start_s FROM (
    -- Each table by itself: sorted together they take twice the time.
    SELECT call_id, turn AS number, start_s, lag(turn, 1, -1) OVER counted AS number_before,
        lag(start_s) OVER counted AS start_before
    FROM turns WINDOW counted AS (PARTITION BY call_id ORDER BY turn))
WHERE number <> number_before + 1 OR start_s < start_before
UNION ALL
SELECT 'words', call_id, number, start_s FROM (
    SELECT call_id, word AS number, start_s, lag(word, 1, -1) OVER counted AS number_before,
        lag(start_s) OVER counted AS start_before
    FROM words WINDOW counted AS (PARTITION BY call_id ORDER BY word))
WHERE number <> number_before + 1 OR start_s < start_before
UNION ALL
SELECT 'events', call_id, number, start_s FROM (
    SELECT call_id, event AS number, start_s, lag(event, 1, -1) OVER counted AS number_before,
        lag(start_s) OVER counted AS start_before
    FROM events WINDOW counted AS (PARTITION BY call_id ORDER BY event))
WHERE number <> number_before + 1 OR start_s < start_before
