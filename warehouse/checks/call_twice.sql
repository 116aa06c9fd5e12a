-- A call_id has more than one row in calls
SELECT call_id, count(*) AS times FROM calls GROUP BY call_id HAVING count(*) > 1
