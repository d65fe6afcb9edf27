-- Account plans and company profiles. Views over `facts`, as in 0008.

ALTER TABLE facts COMMENT COLUMN type
    'account_declared, account_merged, account_profiled, case_recorded, contact_affiliated, contact_declared, contact_described, kpi_target_set, nps_answered, opportunity_recorded, organization_matched, own_domain_declared, plan_item_dropped, plan_item_stated, product_declared, revenue_recorded, visitor_identified';

-- grain: one account that somebody profiled.
CREATE VIEW account_profiles
(
    account_id     String COMMENT 'account',
    industry       String COMMENT 'industry, empty where nobody knows',
    country        String COMMENT 'ISO 3166-1, two letters, empty where nobody knows',
    region         String COMMENT 'region within the country, empty where nobody knows',
    employees      Nullable(UInt64) COMMENT 'employees, NULL where nobody knows',
    annual_revenue Nullable(Float64) COMMENT 'revenue of the company a year in currency, not what it pays us; NULL where nobody knows',
    currency       Nullable(String) COMMENT 'ISO 4217',
    founded_year   Nullable(UInt16) COMMENT 'year in which it was founded, NULL where nobody knows',
    labels         Array(String) COMMENT 'anything else that accounts are told by',
    recorded_at    DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    JSONExtractString(told, 'account_id') AS account_id,
    JSONExtractString(told, 'industry') AS industry,
    JSONExtractString(told, 'country') AS country,
    JSONExtractString(told, 'region') AS region,
    JSONExtract(told, 'employees', 'Nullable(UInt64)') AS employees,
    JSONExtract(told, 'annual_revenue', 'Nullable(Float64)') AS annual_revenue,
    JSONExtract(told, 'currency', 'Nullable(String)') AS currency,
    JSONExtract(told, 'founded_year', 'Nullable(UInt16)') AS founded_year,
    JSONExtract(told, 'labels', 'Array(String)') AS labels,
    latest AS recorded_at
FROM
(
    SELECT argMax(body, (recorded_at, toString(fact_id))) AS told, max(recorded_at) AS latest
    FROM facts
    WHERE type = 'account_profiled'
    GROUP BY JSONExtractString(body, 'account_id')
)
COMMENT 'Accounts as companies, as last stated';

-- grain: one item of the plan of an account.
CREATE VIEW plan_items
(
    account_id  String COMMENT 'account whose plan it is',
    part        String COMMENT 'part of the plan: stakeholder, target ...',
    item_key    String COMMENT 'which item of that part',
    item        String COMMENT 'the item as JSON',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    about.1 AS account_id,
    about.2 AS part,
    about.3 AS item_key,
    JSONExtractRaw(told, 'item') AS item,
    latest AS recorded_at
FROM
(
    SELECT
        argMax(body, (recorded_at, toString(fact_id))) AS told,
        max(recorded_at) AS latest,
        (
            JSONExtractString(body, 'account_id'),
            if(type = 'plan_item_dropped', JSONExtractString(body, 'part'), JSONExtractString(body, 'item', 'part')),
            JSONExtractString(body, 'key')
        ) AS about
    FROM facts
    WHERE type IN ('plan_item_stated', 'plan_item_dropped')
    GROUP BY about
)
WHERE JSONExtractString(told, 'type') = 'plan_item_stated'
COMMENT 'What account plans say, an item a row';

-- grain: one stakeholder of the plan of an account.
CREATE VIEW plan_stakeholders
(
    account_id    String COMMENT 'account whose plan names her',
    stakeholder   String COMMENT 'key of the stakeholder in the plan',
    contact_key   Nullable(String) COMMENT 'identity of the contact, NULL where we have no address of hers',
    name          String COMMENT 'name as written in the plan',
    title         String COMMENT 'title as written in the plan',
    department    String COMMENT 'department as written in the plan',
    relationship  String COMMENT 'sponsor, supporter, neutral, needs_work (要関係構築), opponent (エネミー) or unknown',
    decision_role String COMMENT 'decides, approves, influences, evaluates, uses, procures or unknown',
    approval_step Nullable(UInt8) COMMENT 'place on the approval route, from 1; NULL where she is not on it',
    owner         String COMMENT 'who on our side looks after her',
    recorded_at   DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    account_id,
    item_key AS stakeholder,
    JSONExtract(item, 'contact_key', 'Nullable(String)') AS contact_key,
    JSONExtractString(item, 'name') AS name,
    JSONExtractString(item, 'title') AS title,
    JSONExtractString(item, 'department') AS department,
    JSONExtractString(item, 'relationship') AS relationship,
    JSONExtractString(item, 'decision_role') AS decision_role,
    JSONExtract(item, 'approval_step', 'Nullable(UInt8)') AS approval_step,
    JSONExtractString(item, 'owner') AS owner,
    recorded_at
FROM plan_items
WHERE part = 'stakeholder'
COMMENT 'Stakeholders that account plans name';

-- grain: account x function x seniority that its plan wants contacts of.
CREATE VIEW plan_targets
(
    account_id   String COMMENT 'account whose plan it is',
    job_function String COMMENT 'function, as in contacts',
    seniority    String COMMENT 'executive, management or staff',
    wanted       UInt32 COMMENT 'people that we want to be in touch with',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    account_id,
    JSONExtractString(item, 'function') AS job_function,
    JSONExtractString(item, 'seniority') AS seniority,
    toUInt32(JSONExtractUInt(item, 'wanted')) AS wanted,
    recorded_at
FROM plan_items
WHERE part = 'target'
COMMENT 'Contacts that account plans want';
