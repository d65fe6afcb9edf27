"""What `setten why` prints: paragraphs for people, in English or Japanese, and JSON for machines."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from infra.explanations import EventTouch, Place, StatedBy
from jobs.why import Why, WhyEvent
from models.conflicts import Arrival
from models.facts import AnyFact
from models.identity.explain import Explanation
from models.identity.explanation_json import as_json
from models.identity.explanation_text import (
    Lang,
    headline,
    membership_lines,
    person_line,
    remedy_lines,
    step_lines,
)
from models.identity.explanation_words import WORDS
from models.touch_table import from_micros, received_us

StatedFacts = dict[str, list[StatedBy]]


@dataclass(frozen=True)
class Printed:
    """How it is told: the language, and the zone of the times."""

    lang: Lang
    zone: ZoneInfo

    def contact(self, why: Why) -> list[str]:
        """The answer about a contact or evidence, line by line."""
        words, key = WORDS[self.lang], why.asked.contact_key
        if why.forgotten:
            return [words["forgotten"].format(who=key)]
        lines: list[str] = []
        for told in why.explanations:
            lines += [*([""] if lines else []), *self._explanation(told, why.stated_by)]
        if key:
            lines += ["", self._touches(why)]
        return lines + self._unbound_facts(why.unbound_facts)

    def event(self, why: WhyEvent) -> list[str]:
        """The answer about an event, line by line."""
        words = WORDS[self.lang]
        lines = [words["event"].format(event_id=why.event_id)]
        records = dict.fromkeys([*(t.record_id for t, _ in why.touches), *(a.record_id for a in why.arrivals)])
        lines += ["  " + self._record(record, why.places.get(record)) for record in records]
        if why.contents > 1:
            lines.append("  " + words["conflicting"].format(contents=why.contents))
            lines += ["    " + self._arrival(one, why) for one in why.arrivals]
        elif len(why.arrivals) > 1:
            lines.append("  " + words["arrived"].format(times=len(why.arrivals)))
        if not why.touches:
            lines.append("  " + words["no_touch_left"])
        for touch, told in why.touches:
            lines += ["", *self._touch(touch), *self._explanation(told, why.stated_by)]
        return lines + self._unbound_facts(why.unbound_facts)

    def _touch(self, touch: EventTouch) -> list[str]:
        words = WORDS[self.lang]
        at = self._at(touch.occurred_at)
        lines = [words["came"].format(**touch._asdict() | {"at": at})]
        if touch.is_deleted:
            lines.append(words["taken_back"])
        if touch.machine:
            lines.append(words["machine"].format(machine=touch.machine))
        return lines

    def _explanation(self, told: Explanation, stated_by: StatedFacts) -> list[str]:
        words = WORDS[self.lang]
        lines = [headline(told, self.lang), "", words["looked_at"]]
        lines += [f"  {number}. {line}" for number, line in enumerate(step_lines(told, self.lang), 1)]
        if told.facts:
            lines += ["", words["facts"], *(f"  {self._fact(fact, stated_by)}" for fact in told.facts)]
        if len(told.memberships) > 1 or (told.memberships and told.steps[0].verdict != "member"):
            lines += ["", words["memberships"], *(f"  {line}" for line in membership_lines(told, self.lang))]
        if same := person_line(told, self.lang):
            lines += ["", same]
        if todo := remedy_lines(told, self.lang):
            lines += ["", words["remedies"]]
            for what, command in todo:
                lines += [f"  {what}:", f"    {command}"]
        return lines

    def _fact(self, fact: AnyFact, stated_by: StatedFacts) -> str:
        words, sources = WORDS[self.lang], stated_by.get(fact.fact_id.hex, [])
        by = words["fact_by_nobody"]
        if sources:
            first = sources[0]
            place = first.place
            by = words["fact_by"].format(
                source=place.source if place else "?",
                adapter=place.adapter if place else "?",
                record=first.record_id,
                position=first.position,
            )
        return words["fact"].format(type=fact.type, at=self._at(fact.recorded_at), by=by, fact_id=fact.fact_id.hex)

    def _record(self, record: str, place: Place | None) -> str:
        words = WORDS[self.lang]
        if place is None:
            return words["record_gone"].format(record=record)
        return words["record"].format(**place._asdict() | {"record": record, "at": self._at(place.received_at)})

    def _arrival(self, arrival: Arrival, why: WhyEvent) -> str:
        stands = arrival.content == why.arrivals[0].content
        at = self._at(from_micros(received_us(arrival.precedence)))
        name = "arrival_stands" if stands else "arrival_lost"
        return WORDS[self.lang][name].format(record=arrival.record_id, position=arrival.position, at=at)

    def _touches(self, why: Why) -> str:
        words = WORDS[self.lang]
        if not why.evidence:
            return words["no_touches"]
        first, last = min(one.first_day for one in why.evidence), max(one.last_day for one in why.evidence)
        count = sum(one.touches for one in why.evidence)
        return words["touches"].format(touches=f"{count:,}", first=first, last=last)

    def _unbound_facts(self, facts: int) -> list[str]:
        return ["", WORDS[self.lang]["unbound_facts"].format(facts=facts)] if facts else []

    def _at(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S%z}"


def contact_json(why: Why, day: date) -> dict[str, Any]:
    """The answer about a contact or evidence, for `--json`."""
    return {
        "contact_key": why.asked.contact_key,
        "on": day,
        "forgotten": why.forgotten,
        "touches": [one._asdict() for one in why.evidence],
        "explanations": [as_json(told, _stating(why.stated_by)) for told in why.explanations],
        "unbound_facts": why.unbound_facts,
    }


def event_json(why: WhyEvent) -> dict[str, Any]:
    """The answer about an event, for `--json`."""
    arrivals = [
        {
            "content": one.content,
            "record_id": one.record_id,
            "position": one.position,
            "received_at": from_micros(received_us(one.precedence)),
            "stands": one.content == why.arrivals[0].content,
        }
        for one in why.arrivals
    ]
    return {
        "event_id": why.event_id,
        "duplicates": len(why.arrivals) - 1 if why.contents == 1 else 0,
        "conflicting": why.contents > 1,
        "arrivals": arrivals,
        "records": [place._asdict() for place in why.places.values()],
        "touches": [
            {
                **{name: value for name, value in touch._asdict().items() if name != "is_deleted"},
                "taken_back": bool(touch.is_deleted),
                "explanation": as_json(told, _stating(why.stated_by)),
            }
            for touch, told in why.touches
        ],
        "unbound_facts": why.unbound_facts,
    }


def _stating(stated_by: StatedFacts) -> Any:
    def of(fact: AnyFact) -> list[dict[str, Any]]:
        found = stated_by.get(fact.fact_id.hex, [])
        return [{**one._asdict(), "place": one.place._asdict() if one.place else None} for one in found]

    return of
