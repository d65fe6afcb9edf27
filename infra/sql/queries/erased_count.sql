-- How many addresses are forgotten.
-- grain: one row.
SELECT uniqExact(address_hash) AS addresses FROM erasures
