"""`setten why`: reads the facts, and what the tables have of a contact or an event, and has the binding explained."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from infra.clickhouse import ClickHouse
from infra.explanations import EventTouch, Evidence, Explanations, Place, StatedBy
from infra.settings import Settings
from infra.store import Store
from infra.suppressions import Suppressions
from models.conflicts import Arrival
from models.facts import OwnDomainDeclared
from models.folding import fold
from models.identity.asked import Asked
from models.identity.explain import Explanation, explain

# Of a contact with more kinds of evidence than these the most frequent are explained.
_MOST_EVIDENCE = 5


class NotFound(Exception):
    """Neither a fact nor a touch knows what is asked about; the message says what to do."""


@dataclass(frozen=True)
class Why:
    """The answer about a contact or a piece of evidence.

    evidence: what the touches of the contact carry. explanations: one for each kind of evidence that counts on the day,
    or that ever did. forgotten: the person was erased, and nothing is explained. stated_by: bodies that state facts, by
    fact_id, 32 hex digits. unbound_facts: facts that the contact-days are not bound to yet.
    """

    asked: Asked
    evidence: list[Evidence] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    forgotten: bool = False
    stated_by: dict[str, list[StatedBy]] = field(default_factory=dict)
    unbound_facts: int = 0


@dataclass(frozen=True)
class WhyEvent:
    """The answer about an event: its touches with an explanation each, all its arrivals, the first received first."""

    event_id: str
    touches: list[tuple[EventTouch, Explanation]]
    arrivals: list[Arrival]
    places: dict[str, Place]
    stated_by: dict[str, list[StatedBy]]
    unbound_facts: int

    @property
    def contents(self) -> int:
        """How many different contents came under its id."""
        return len({arrival.content for arrival in self.arrivals})


class Explainer:
    """Explains by the facts as they are stored when it is made."""

    def __init__(self, settings: Settings) -> None:
        """Raises ClickHouseUnavailable."""
        clickhouse = ClickHouse(settings)
        self._tables = Explanations(clickhouse)
        self._store = Store(clickhouse, settings.business_timezone)
        self._suppressed = Suppressions(clickhouse).load()
        self._state = self._store.directory_state()
        facts = self._store.facts()
        self._own = {fact.domain: fact for fact in facts if isinstance(fact, OwnDomainDeclared)}
        self._directory = fold(facts)

    def contact(self, asked: Asked, day: date) -> Why:
        """Raises NotFound for a key that no fact and no touch names; an address or host needs none to be explained."""
        key = asked.contact_key
        if len(self._suppressed) and self._suppressed.names(key):
            return Why(asked, forgotten=True)
        evidence = self._tables.evidence_of(key, day) if key else []
        if not (asked.affiliation or evidence or key in self._directory.people):
            raise NotFound(
                f"{key!r} is in no touch and no fact: write it as the tables have it, such as id:SOURCE:ID or anon:ID"
            )
        on_day = [one for one in evidence if one.touches_on_day] or evidence
        carried = [asked.affiliation] if asked.affiliation else [one.affiliation for one in on_day] or [""]
        explanations = [self._explained(key, affiliation, day) for affiliation in carried[:_MOST_EVIDENCE]]
        return Why(
            asked,
            evidence,
            explanations,
            stated_by=self._stated_by(explanations),
            unbound_facts=self._unbound_facts,
        )

    def event(self, event_id: str) -> WhyEvent:
        """Raises NotFound for an event that never arrived."""
        touches = self._tables.touches_of(event_id)
        arrivals = sorted(self._store.arrivals([event_id]), key=lambda one: one.precedence, reverse=True)
        if not touches and not arrivals:
            raise NotFound(f"no event {event_id} is stored: what was refused is in `setten dead-letters list`")
        told = [(touch, self._explained(touch.contact_key, touch.affiliation, touch.day)) for touch in touches]
        places = self._tables.places(
            [*(touch.record_id for touch in touches), *(arrival.record_id for arrival in arrivals)]
        )
        stated_by = self._stated_by(explanation for _, explanation in told)
        return WhyEvent(event_id, told, arrivals, places, stated_by, self._unbound_facts)

    @property
    def _unbound_facts(self) -> int:
        return max(self._state.facts - self._state.bound_facts, 0)

    def _explained(self, contact_key: str, affiliation: str, day: date) -> Explanation:
        return explain(self._directory, contact_key, affiliation, day, self._own)

    def _stated_by(self, explanations: Iterable[Explanation]) -> dict[str, list[StatedBy]]:
        return self._tables.stated_by(fact.fact_id.hex for told in explanations for fact in told.facts)
