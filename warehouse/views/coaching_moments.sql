-- What is there to listen to together with the agent? One row a broken rule of weight in a call, the
-- newest call first, with the moment and the words or numbers that decided it. `start_s` is NULL where
-- it was the whole call: something was never said. `weight` is the rule's times its stage's.
CREATE VIEW coaching_moments AS
SELECT
    started_at,
    call_date,
    call_id,
    agent_id,
    queue,
    stage,
    rule_id,
    tier,
    why,
    evidence,
    speaker,
    start_s,
    end_s,
    confidence,
    weight
FROM failures
WHERE standard = config_standard()
-- Numbers: to sort millions by texts takes seconds.
ORDER BY started_at DESC NULLS LAST, place
