-- The other parts of account plans, and all items as they stood at a moment. Views over `plan_items`, as in 0016; what
-- stood at a moment is read from `facts`, as in 0015.

-- grain: one item of the plan of an account. parameter: known_before, the first moment that does not count.
CREATE VIEW plan_items_known
(
    account_id  String COMMENT 'account whose plan it is',
    part        String COMMENT 'part of the plan, as in plan_items',
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
    WHERE type IN ('plan_item_stated', 'plan_item_dropped') AND recorded_at < {known_before:DateTime64(6, 'UTC')}
    GROUP BY about
)
WHERE JSONExtractString(told, 'type') = 'plan_item_stated'
COMMENT 'What account plans said at a moment, an item a row';

-- grain: account x product x fiscal year that its plan has a target for; one row of a product without targets.
CREATE VIEW plan_products
(
    account_id     String COMMENT 'account whose plan it is',
    product        String COMMENT 'name of the product, as in opportunities and products',
    currency       Nullable(String) COMMENT 'ISO 4217',
    fiscal_year    Nullable(UInt16) COMMENT 'fiscal year of the target, named by the calendar year in which it begins; NULL of a product without targets',
    current_amount Nullable(Float64) COMMENT 'revenue of the last full fiscal year as the plan has it, NULL where nobody knows',
    target_amount  Nullable(Float64) COMMENT 'what the product is to bring in that fiscal year',
    recorded_at    DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    account_id,
    JSONExtractString(item, 'product') AS product,
    JSONExtract(item, 'currency', 'Nullable(String)') AS currency,
    JSONExtract(target, 'fiscal_year', 'Nullable(UInt16)') AS fiscal_year,
    JSONExtract(item, 'current_amount', 'Nullable(Float64)') AS current_amount,
    JSONExtract(target, 'amount', 'Nullable(Float64)') AS target_amount,
    recorded_at
FROM plan_items
LEFT ARRAY JOIN JSONExtractArrayRaw(item, 'targets') AS target
WHERE part = 'product'
COMMENT 'Mid-term revenue targets of account plans, by product and fiscal year';

-- grain: one term of the plan of an account, of one product or of all.
CREATE VIEW plan_term
(
    account_id         String COMMENT 'account whose plan it is',
    fiscal_year        UInt16 COMMENT 'fiscal year, named by the calendar year in which it begins',
    half               String COMMENT 'h1 or h2, empty for the whole year',
    product_key        String COMMENT 'key of the product in the plan, empty for all products',
    product            String COMMENT 'name of the product, empty for all products',
    currency           Nullable(String) COMMENT 'ISO 4217',
    recurring          Nullable(Float64) COMMENT 'revenue that comes in anyway, NULL where nobody knows',
    open_opportunities Nullable(Float64) COMMENT 'what open opportunities are to bring, NULL where nobody knows',
    needed             Nullable(Float64) COMMENT 'what the term needs in all, NULL where nobody knows',
    to_be_created      Nullable(Float64) COMMENT 'opportunities that are still to be created, NULL where nobody knows',
    recorded_at        DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    t.account_id AS account_id,
    toUInt16(JSONExtractUInt(t.item, 'fiscal_year')) AS fiscal_year,
    JSONExtractString(t.item, 'half') AS half,
    JSONExtractString(t.item, 'product') AS product_key,
    JSONExtractString(p.item, 'product') AS product,
    JSONExtract(t.item, 'currency', 'Nullable(String)') AS currency,
    JSONExtract(t.item, 'recurring', 'Nullable(Float64)') AS recurring,
    JSONExtract(t.item, 'open_opportunities', 'Nullable(Float64)') AS open_opportunities,
    JSONExtract(t.item, 'needed', 'Nullable(Float64)') AS needed,
    JSONExtract(t.item, 'to_be_created', 'Nullable(Float64)') AS to_be_created,
    t.recorded_at AS recorded_at
FROM
(
    SELECT account_id, item, JSONExtractString(item, 'product') AS of_product, recorded_at
    FROM plan_items
    WHERE part = 'term'
) AS t
LEFT JOIN (SELECT account_id, item_key, item FROM plan_items WHERE part = 'product') AS p
    ON p.account_id = t.account_id AND p.item_key = t.of_product
COMMENT 'What a term needs and where it is to come from, as account plans have it';

-- grain: competitor x priority of the customer; one row of a competitor that is not judged on any.
CREATE VIEW plan_competitors
(
    account_id   String COMMENT 'account whose plan names it',
    competitor   String COMMENT 'name of the competitor',
    products     String COMMENT 'what it sells there, as written',
    priority_key Nullable(String) COMMENT 'key of the priority in the plan, NULL where the competitor is not judged on any',
    priority     Nullable(String) COMMENT 'what matters to the customer',
    importance   Nullable(UInt8) COMMENT 'to the customer, 0 to 10; NULL: not judged yet',
    theirs       Nullable(UInt8) COMMENT 'how well the competitor does, 0 to 10',
    ours         Nullable(UInt8) COMMENT 'how well we do, 0 to 10; NULL: not judged yet',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated of the competitor'
)
AS SELECT
    c.account_id AS account_id,
    JSONExtractString(c.item, 'name') AS competitor,
    JSONExtractString(c.item, 'products') AS products,
    nullIf(c.on_priority, '') AS priority_key,
    nullIf(JSONExtractString(p.item, 'name'), '') AS priority,
    JSONExtract(p.item, 'importance', 'Nullable(UInt8)') AS importance,
    JSONExtract(c.position, 'theirs', 'Nullable(UInt8)') AS theirs,
    JSONExtract(p.item, 'ours', 'Nullable(UInt8)') AS ours,
    c.recorded_at AS recorded_at
FROM
(
    SELECT account_id, item, position, JSONExtractString(position, 'priority') AS on_priority, recorded_at
    FROM plan_items
    LEFT ARRAY JOIN JSONExtractArrayRaw(item, 'positions') AS position
    WHERE part = 'competitor'
) AS c
LEFT JOIN (SELECT account_id, item_key, item FROM plan_items WHERE part = 'priority') AS p
    ON p.account_id = c.account_id AND p.item_key = c.on_priority
COMMENT 'Competitors on what matters to the customer: the value quadrant of account plans';

-- grain: one member of the team of an account.
CREATE VIEW plan_team
(
    account_id  String COMMENT 'account whose plan names her',
    member      String COMMENT 'key of the member in the plan',
    person      String COMMENT 'name as written in the plan',
    role        String COMMENT 'owner, sales, customer_success, inside_sales, support, backup, executive_sponsor or adviser',
    backs_up    Nullable(String) COMMENT 'key of the member whose back-up she is',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    account_id,
    item_key AS member,
    JSONExtractString(item, 'person') AS person,
    JSONExtractString(item, 'role') AS role,
    JSONExtract(item, 'backs_up', 'Nullable(String)') AS backs_up,
    recorded_at
FROM plan_items
WHERE part = 'team'
COMMENT 'Who on our side works on an account, as account plans have it';

-- grain: one action, or request to our own company, of the plan of an account.
CREATE VIEW plan_actions
(
    account_id  String COMMENT 'account whose plan it is',
    kind        String COMMENT 'action, request (to our own company) or partner_action',
    action      String COMMENT 'key in the plan',
    what        String COMMENT 'what is to be done',
    owner       String COMMENT 'who does it, of a request whom it is asked of; as written',
    due         Nullable(Date) COMMENT 'last day, NULL where there is none',
    status      String COMMENT 'open, doing, done or dropped',
    done_on     Nullable(Date) COMMENT 'day on which it was done, NULL where it is not or nobody knows',
    rhythm      String COMMENT 'monthly or weekly of a partner_action, else empty',
    stakeholder Nullable(String) COMMENT 'key of the stakeholder it is for',
    product     Nullable(String) COMMENT 'key of the product in the plan that it is for',
    target      Nullable(String) COMMENT 'wanted contacts that it is for, as function.seniority',
    recorded_at DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    account_id,
    part AS kind,
    item_key AS action,
    JSONExtractString(item, 'what') AS what,
    JSONExtractString(item, multiIf(part = 'request', 'to', part = 'partner_action', 'ours', 'owner')) AS owner,
    toDateOrNull(JSONExtractString(item, 'due')) AS due,
    JSONExtractString(item, 'status') AS status,
    toDateOrNull(JSONExtractString(item, 'done_on')) AS done_on,
    JSONExtractString(item, 'rhythm') AS rhythm,
    JSONExtract(item, 'stakeholder', 'Nullable(String)') AS stakeholder,
    JSONExtract(item, 'product', 'Nullable(String)') AS product,
    JSONExtract(item, 'target', 'Nullable(String)') AS target,
    recorded_at
FROM plan_items
WHERE part IN ('action', 'request', 'partner_action')
COMMENT 'Who does what by when, as account plans have it';

-- grain: one kind of review of an account.
CREATE VIEW plan_cadence
(
    account_id   String COMMENT 'account whose plan it is',
    kind         String COMMENT 'half_yearly_session, quarterly, monthly, fortnightly, weekly or partner_review',
    next_on      Nullable(Date) COMMENT 'day of the next one, NULL where none is agreed',
    participants Array(String) COMMENT 'who takes part, as written',
    held         Array(Date) COMMENT 'days on which it was held',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    account_id,
    item_key AS kind,
    toDateOrNull(JSONExtractString(item, 'next_on')) AS next_on,
    JSONExtract(item, 'participants', 'Array(String)') AS participants,
    arrayMap(day -> toDate(day), JSONExtract(item, 'held', 'Array(String)')) AS held,
    recorded_at
FROM plan_items
WHERE part IN ('cadence', 'partner_review')
COMMENT 'Reviews of account plans: the next day and those held';
