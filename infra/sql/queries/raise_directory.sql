-- Tell a table that shows the directory again under another epoch; run in the shadow.
-- grain: that of the table. parameters: table Identifier (accounts, contacts or revenue), epoch UInt64.
INSERT INTO {table:Identifier}
SELECT * REPLACE ({epoch:UInt64} AS epoch)
FROM {table:Identifier} FINAL
