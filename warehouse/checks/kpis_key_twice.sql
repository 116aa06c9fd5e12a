-- A call has more than one row of kpis for a standard
SELECT call_id, standard, count(*) AS times FROM kpis_all GROUP BY ALL HAVING count(*) > 1
