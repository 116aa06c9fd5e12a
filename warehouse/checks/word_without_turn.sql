-- A word names a turn that is not there, or another speaker than its turn
SELECT w.call_id, w.word, w.turn, w.speaker
FROM words w LEFT JOIN turns t USING (call_id, turn)
WHERE w.turn <> -1 AND (t.call_id IS NULL OR t.speaker <> w.speaker)
