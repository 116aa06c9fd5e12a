-- Holds a day, queue, standard and quarter of an hour in which they began, as timezones are off by
-- whole quarters. `since` tells a call that was parked again within an hour from another call.
WITH begun AS (
    SELECT
        *,
        end_s - start_s AS hold_s,
        (epoch_us(started_at) + (start_s * 1e6)::BIGINT) // 900_000_000 AS quarter
    FROM moments
    WHERE kind = 'hold'
), spaced AS (
    SELECT
        *,
        CASE WHEN number > 1 THEN coalesce(
            quarter - lag(quarter) OVER (PARTITION BY call_id, standard ORDER BY number), 0)
            END AS apart
    FROM begun
)
SELECT
    call_date,
    queue,
    standard,
    quarter,
    CASE WHEN apart < 8 THEN apart END AS since,
    count(*) AS holds,
    sum(TRY_CAST(hold_s AS DECIMAL(18, 6)))::DOUBLE AS hold_total_s,
    max(hold_s) AS hold_longest_s,
    list(hold_s ORDER BY hold_s) AS lengths_s
FROM spaced
GROUP BY ALL
ORDER BY call_date, queue, standard, quarter, since
