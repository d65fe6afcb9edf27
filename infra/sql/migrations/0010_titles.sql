-- What a title says is read where contacts are shown, and not stated: docs/titles.md.

ALTER TABLE contacts ADD COLUMN IF NOT EXISTS job_function LowCardinality(String) DEFAULT 'unknown'
    COMMENT 'what she works on, of her department, else of her title: management, sales, it ... or unknown' AFTER seniority;

ALTER TABLE contacts COMMENT COLUMN seniority
    'executive, management, staff or unknown: as declared, else as the title says';

ALTER TABLE bound_epochs ADD COLUMN IF NOT EXISTS titles UInt32 DEFAULT 0
    COMMENT 'version of the table by which the titles of the contacts shown were read' AFTER epoch;
