"""A plan with something of every part, as people write it."""

CUSTOMER = """\
version: 1
account: kita
profile: {summary: Maker of pumps, business: Sells to utilities, key_issues: [Nine systems]}
selection:
  owner: Yui
  selected_on: 2026-04-01
  rationale:
    - {kind: growth, why: three more plants}
vision: {statement: 全工場が同じデータで判断する, by_year: 2029}
strategies:
  plants: {statement: plant by plant, measure: plants that use Flow, owner: Yui}
stakeholders:
  cio:
    contact_key: mail:CIO@kita.example
    name: 佐伯 健太
    title: 執行役員
    relationship: needs_work
    decision_role: decides
    approval_step: 2
  head: {name: Hase, relationship: opponent}
targets:
  - {function: it, seniority: management, wanted: 3}
priorities:
  uptime: {name: never stand still, importance: 9, ours: 6}
  price: {name: price}
competitors:
  kogane:
    name: Kogane
    products: Plant
    positions:
      - {priority: uptime, theirs: 7}
      - {priority: price, theirs: 0}
  other: {name: Other}
products:
  flow:
    product: Flow
    currency: JPY
    current_amount: 120000000
    targets:
      - {fiscal_year: 2027, amount: 180000000}
      - {fiscal_year: 2028, amount: 0.5}
    adoption:
      - {on: 2019-10-01, what: first plant}
terms:
  - {fiscal_year: 2026, half: h2, product: flow, currency: JPY, recurring: 50, needed: 80}
  - {fiscal_year: 2026}
team:
  yui: {role: owner, person: Yui}
  shun: {role: backup, person: Shun, backs_up: yui}
actions:
  call: {what: Meet the CIO, owner: Yui, due: 2026-10-31, stakeholder: cio, product: flow, target: it.management}
  sent: {what: Send it, status: done, done_on: 2026-09-01}
requests:
  poc: {what: Test system, to: Product team, due: 2026-10-15, status: doing}
cadence:
  - {kind: quarterly, next_on: 2026-10-05, participants: [Yui, Shun], held: [2026-04-06, 2026-07-06]}
"""
PARTNER = """\
version: 1
account: futaba
kind: partner
partner:
  joint_goal: {statement: twenty plants together, by: 2028-03-31}
  activity_goals:
    visits: {what: joint visits, wanted: 12, reached: 3, due: 2027-03-31}
  number_goals:
    resold: {what: through the partner, amount: 30000000, currency: JPY, counts_from: 2027-04-01}
  actions:
    deals: {what: go through deals, rhythm: weekly, ours: Shun, theirs: Ben}
  review: {next_on: 2026-10-20, participants: [Shun, Ben], held: [2026-09-22]}
"""
