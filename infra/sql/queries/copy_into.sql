-- Copy a table into the same one of another database.
-- grain: row. parameters: database, table Identifier.
INSERT INTO {database:Identifier}.{table:Identifier}
SELECT * FROM {table:Identifier}
