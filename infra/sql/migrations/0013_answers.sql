-- How long who took to answer whom is told by what a mail answers.

ALTER TABLE touches ADD COLUMN IF NOT EXISTS answers UUID
    COMMENT 'event_id of the signal that it answers, stored or not; zeros where it names none' AFTER source;
