-- The phases of the funnel that accounts had entered by a day; a later day is NULL, as it had not come.
-- grain: account that stood for itself on the day. parameters: accounts Array(String), empty for all; as_of Date; known_before
-- DateTime64; profile String; zone String.
SELECT
    account_id,
    if(prospect_on <= {as_of:Date}, prospect_on, NULL) AS prospect_on,
    if(mql_on <= {as_of:Date}, mql_on, NULL) AS mql_on,
    if(sql_on <= {as_of:Date}, sql_on, NULL) AS sql_on,
    if(win_on <= {as_of:Date}, win_on, NULL) AS win_on,
    if(live_on <= {as_of:Date}, live_on, NULL) AS live_on,
    if(mrr_on <= {as_of:Date}, mrr_on, NULL) AS mrr_on,
    profit_on
FROM funnel_phases(
    known_before = {known_before:DateTime64(6, 'UTC')}, profile = {profile:String}, zone = {zone:String}
)
WHERE (merged_since IS NULL OR merged_since > {as_of:Date})
  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
ORDER BY account_id
