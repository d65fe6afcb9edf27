-- Add the shadow's corrections: the epoch has to be as high as any under which its contact-days were computed.
-- grain: correction. parameters: shadow Identifier (its database).
INSERT INTO corrections
SELECT * FROM {shadow:Identifier}.corrections FINAL
