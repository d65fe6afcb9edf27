-- Tell the contact-days again under another epoch; run in the shadow.
-- grain: that of contact_day. parameters: epoch UInt64.
INSERT INTO contact_day
SELECT * REPLACE (bitOr(bitShiftLeft({epoch:UInt64}, 32), bitAnd(version, 4294967295)) AS version)
FROM contact_day FINAL
