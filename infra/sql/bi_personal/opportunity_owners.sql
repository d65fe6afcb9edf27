-- grain: opportunity of which the CRM names an owner.
CREATE VIEW opportunity_owners
(
    opportunity_id String COMMENT 'key of the opportunity, as in pipeline',
    owner          String COMMENT 'who on our side works on it, as written (担当者)'
)
AS SELECT opportunity_id, owner FROM rollup_opportunity_owners WHERE signature = ''
COMMENT 'Who works on an opportunity'
