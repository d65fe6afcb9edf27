-- Roll-ups of the views over plans, the funnel and the activity of contacts, as in 0023. Those of plans, stakeholders and contacts
-- hold persons, as what they are computed from does: `setten forget` computes them anew.

-- grain: account x product of its plan x fiscal year with a target; and one row with the signature.
CREATE TABLE rollup_plan_vs_actual
(
    account_id          String COMMENT 'account whose plan it is',
    product             String COMMENT 'product, as the plan names it',
    fiscal_year         UInt16 COMMENT 'fiscal year, named by the calendar year in which it begins',
    currency            Nullable(String) COMMENT 'ISO 4217, of all amounts of the row',
    target              Nullable(Float64) COMMENT 'what the product is to bring in the fiscal year',
    current_amount      Nullable(Float64) COMMENT 'what it brought in the last full fiscal year, as the plan has it; NULL where nobody knows',
    won_in_year         Nullable(Float64) COMMENT 'amounts of the opportunities of this product won with closed_on in the fiscal year; NULL where no opportunity of the account is recorded, or those won have no known amount',
    won_without_amount  UInt64 COMMENT 'opportunities won of which nobody knows the amount',
    open_pipeline       Nullable(Float64) COMMENT 'amounts of the opportunities of this product that are open; NULL where no opportunity of the account is recorded or those open have no known amount',
    open_without_amount UInt64 COMMENT 'open opportunities of which nobody knows the amount',
    revenue             Nullable(Float64) COMMENT 'what the account paid in the fiscal year for all products; NULL where a month of it is not recorded',
    revenue_months      UInt8 COMMENT 'months of the fiscal year that are recorded, of 12',
    recorded_at         DateTime64(6, 'UTC') COMMENT 'when the plan stated the target',
    signature           String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY (account_id, product, fiscal_year)
COMMENT 'Roll-up of the view plan_vs_actual';

-- grain: action, or request to our own company, of the plan of an account; and one row with the signature.
CREATE TABLE rollup_plan_actions
(
    account_id  String COMMENT 'account whose plan it is',
    kind        LowCardinality(String) COMMENT 'action, request (to our own company) or partner_action',
    action      String COMMENT 'key in the plan',
    what        String COMMENT 'what is to be done, as written',
    owner       String COMMENT 'who does it, of a request whom it is asked of; as written',
    owner_roles LowCardinality(String) COMMENT 'roles in the account team of who does it, comma-separated; empty where the team has nobody of that name',
    due         Nullable(Date) COMMENT 'last day, NULL where there is none',
    status      LowCardinality(String) COMMENT 'open, doing, done or dropped',
    done_on     Nullable(Date) COMMENT 'day on which it was done, NULL where it is not or nobody knows',
    rhythm      LowCardinality(String) COMMENT 'monthly or weekly of a partner_action, else empty',
    stakeholder Nullable(String) COMMENT 'key of the stakeholder it is for',
    product     Nullable(String) COMMENT 'key of the product in the plan that it is for',
    target      Nullable(String) COMMENT 'wanted contacts that it is for, as function.seniority',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated',
    signature   String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY (account_id, kind, action)
COMMENT 'Roll-up of the views plan_actions, with who does it';

-- grain: account x function x seniority that its plan wants contacts of; and one row with the signature.
CREATE TABLE rollup_plan_targets
(
    account_id   String COMMENT 'account whose plan it is',
    job_function LowCardinality(String) COMMENT 'function, as in coverage',
    seniority    LowCardinality(String) COMMENT 'executive, management or staff',
    wanted       UInt32 COMMENT 'people that we want to be in touch with',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated',
    signature    String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY (account_id, job_function, seniority)
COMMENT 'Roll-up of the view plan_targets';

-- grain: account x competitor of its plan x priority of the customer; and one row with the signature.
CREATE TABLE rollup_plan_competitors
(
    account_id  String COMMENT 'account whose plan names it',
    competitor  String COMMENT 'name of the competitor',
    products    String COMMENT 'what it sells there, as written',
    priority    Nullable(String) COMMENT 'what matters to the customer; NULL where the competitor is not judged on any',
    importance  Nullable(UInt8) COMMENT 'to the customer, 0 to 10; NULL: not judged yet',
    theirs      Nullable(UInt8) COMMENT 'how well the competitor does, 0 to 10',
    ours        Nullable(UInt8) COMMENT 'how well we do, 0 to 10; NULL: not judged yet',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated of the competitor',
    signature   String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY (account_id, competitor)
COMMENT 'Roll-up of the view plan_competitors';

-- grain: stakeholder that the plan of an account names; and one row with the signature.
CREATE TABLE rollup_stakeholders
(
    account_id    String COMMENT 'account whose plan names her',
    stakeholder   String COMMENT 'key of the stakeholder in the plan',
    contact_key   Nullable(String) COMMENT 'identity of the contact, NULL where we have no address of hers',
    name          String COMMENT 'name as written in the plan',
    title         String COMMENT 'title as written in the plan',
    department    String COMMENT 'department as written in the plan',
    relationship  LowCardinality(String) COMMENT 'sponsor, supporter, neutral, needs_work, opponent or unknown',
    decision_role LowCardinality(String) COMMENT 'decides, approves, influences, evaluates, uses, procures or unknown',
    approval_step Nullable(UInt8) COMMENT 'place on the approval route, from 1; NULL where she is not on it',
    owner         String COMMENT 'who on our side looks after her',
    recorded_at   DateTime64(6, 'UTC') COMMENT 'when this was stated',
    signature     String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY (account_id, stakeholder)
COMMENT 'Roll-up of the view stakeholders, which shows persons';

-- grain: account that stands; and one row with the signature.
CREATE TABLE rollup_funnel
(
    account_id  String COMMENT 'account',
    as_of       Date COMMENT 'business day by whose end the phases were entered',
    prospect_on Nullable(Date) COMMENT 'first touch by a person, or the day on which the account was first declared',
    mql_on      Nullable(Date) COMMENT 'first day in the stage that counts as MQL by the score profile that was used last; NULL where it never was',
    sql_on      Nullable(Date) COMMENT 'first opportunity opened',
    win_on      Nullable(Date) COMMENT 'first opportunity won',
    live_on     Nullable(Date) COMMENT 'first day of the first month with revenue',
    mrr_on      Nullable(Date) COMMENT 'first day of the third month in a row with revenue',
    signature   String COMMENT 'of what the table was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
ORDER BY account_id
COMMENT 'Roll-up of the view funnel';

-- grain: account x contact x month with a touch by people; and a row a partition with its signature.
CREATE TABLE rollup_contact_activity
(
    account_id       String COMMENT 'account that the contact counted for',
    contact_key      String COMMENT 'identity of the contact: mail:, id:, anon:, host: or ip: and the value',
    month            Date COMMENT 'first day of the calendar month',
    days_in_touch    UInt64 COMMENT 'days on which the contact came to us or met us',
    engaged_touches  UInt64 COMMENT 'touches on these days that came from the contact or were shared',
    outbound_touches UInt64 COMMENT 'what we sent',
    last_engaged_on  Nullable(Date) COMMENT 'last of these days in the month, NULL where there is none',
    signature        String COMMENT 'of what the partition was computed, in one row of it; empty in all others'
)
ENGINE = MergeTree
PARTITION BY toYear(month)
ORDER BY (account_id, contact_key, month)
COMMENT 'Roll-up of the view contact_activity, which shows persons';
