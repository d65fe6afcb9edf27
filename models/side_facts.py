"""Facts beside the directory: they bind nobody to an account, so they cost the worker nothing but their rows.

Views over the table `facts` show what holds of them.
"""

from models.account_profile import AccountProfiled
from models.crm_facts import CaseRecorded, NpsAnswered, OpportunityRecorded, ProductDeclared
from models.kpi_targets import KpiTargetSet
from models.plan.facts import PlanItemDropped, PlanItemStated

SideFact = (
    OpportunityRecorded
    | CaseRecorded
    | NpsAnswered
    | ProductDeclared
    | AccountProfiled
    | KpiTargetSet
    | PlanItemStated
    | PlanItemDropped
)
# As of infra/sql/queries facts, facts_counted and facts_since leave them out, side_facts and copy_side_facts read them.
SIDE_TYPES = (
    "account_profiled",
    "case_recorded",
    "kpi_target_set",
    "nps_answered",
    "opportunity_recorded",
    "plan_item_dropped",
    "plan_item_stated",
    "product_declared",
)


def subject(fact: SideFact) -> tuple[str, ...]:
    """What a statement is about: of two with the same subject the later recorded holds."""
    match fact:
        case OpportunityRecorded():
            return (fact.type, fact.opportunity_id)
        case CaseRecorded():
            return (fact.type, fact.case_id)
        case NpsAnswered() if fact.answer_id:
            return (fact.type, fact.answer_id)
        case NpsAnswered():
            return (fact.type, "", fact.account_id or "", fact.contact_key or "", fact.answered_on.isoformat())
        case ProductDeclared():
            return (fact.type, fact.product)
        case AccountProfiled():
            return (fact.type, fact.account_id)
        case KpiTargetSet():
            return fact.about
        case PlanItemStated():
            return ("plan_item", fact.account_id, fact.item.part, fact.key)
        case PlanItemDropped():
            return ("plan_item", fact.account_id, fact.part, fact.key)
