"""What an account's people and our own side do: the signals of one account, played from its script."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from jobs.demo.cast import OWN_DOMAIN, OWN_STAFF, Company, Person
from jobs.demo.script import NEW_DOMAIN, Pace, Script
from jobs.demo.timeline import BUSINESS_ZONE, OFFICE_HOURS, Timeline, at

Feed = Literal["web-tracker", "web-forms", "mail-gateway", "webinar", "calendar"]

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
)
CRAWLERS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
PAGES = ("/", "/products", "/products/flow", "/pricing", "/cases", "/cases/manufacturing", "/docs", "/news", "/support")
DOCUMENTS = ("/papers/roadmap.pdf", "/papers/security.pdf", "/papers/cost-model.pdf")
TOPICS_JA = ("定例会", "導入計画の相談", "仕様の確認", "見積もりの説明", "運用レビュー")
TOPICS_EN = ("Regular meeting", "Roll-out plan", "Specification review", "Quotation", "Operations review")
MAIL_JA = ("お見積もりの件", "仕様書について", "次回打ち合わせの日程", "ご質問への回答", "契約更新の件")
MAIL_EN = ("Quotation", "About the specification", "Next meeting", "Your question", "Contract renewal")


@dataclass(frozen=True)
class Event:
    """One signal of a feed, as the feed will write it. Events without an `id` are known by their content."""

    occurred_at: datetime
    feed: Feed
    body: dict[str, Any]


@dataclass
class _Play:
    """One account's performance: what it collects while the weeks go by."""

    rng: random.Random
    company: Company
    people: list[Person]
    script: Script
    timeline: Timeline
    events: list[Event] = field(default_factory=list)
    last_day: date | None = None

    def run(self) -> list[Event]:
        for number, days in enumerate(self.timeline.weeks(self.company.region)):
            awake = [day for day in days if self.script.pace(day).high]
            if awake:
                pace = self.script.pace(awake[0])
                if number % pace.every_weeks == 0:
                    for day in self._spread(awake, self.rng.randint(pace.low, pace.high)):
                        self._touch_day(day, pace)
                        self.last_day = day
            if days:
                self._our_side(self.rng.choice(days))
                if self.script.crawlers_from and days[0] >= self.script.crawlers_from:
                    self._crawl(days)
        first, last = at(self.timeline.start, 0), self.timeline.end
        return [event for event in self.events if first <= event.occurred_at <= last]

    def _spread(self, days: list[date], count: int) -> list[date]:
        """Pick days evenly over the week: one of each of `count` stretches, the webinar's day before others."""
        count = min(count, len(days))
        bounds = [len(days) * n // count for n in range(count + 1)]
        stretches = [days[bounds[n] : bounds[n + 1]] for n in range(count)]
        return [next((d for d in days if is_webinar_day(d)), self.rng.choice(days)) for days in stretches]

    def _touch_day(self, day: date, pace: Pace) -> None:
        present = [p for p in self.people if p.weight and p.since <= day < p.until]
        if not present:
            return
        if is_webinar_day(day) and pace.every_weeks == 1 and self.rng.random() < 0.6:
            self._webinar(day, present)
        for _ in range(self.rng.randint(1, pace.interactions)):
            act: Callable[[date, list[Person]], None] = self.rng.choices(
                (self._visit, self._mail, self._newsletter, self._meeting), weights=(30, 38, 17, 15)
            )[0]
            act(day, present)

    def _hour(self) -> float:
        return self.rng.uniform(*OFFICE_HOURS[self.company.region])

    def _pick(self, present: list[Person]) -> Person:
        return self.rng.choices(present, weights=[person.weight for person in present])[0]

    def _pick_some(self, present: list[Person], count: int) -> list[Person]:
        return list({person.email: person for person in (self._pick(present) for _ in range(count))}.values())

    def _add(self, feed: Feed, kind: str, when: datetime, contacts: list[dict[str, str]], **data: str) -> None:
        told = when.astimezone(BUSINESS_ZONE) if feed == "calendar" else when
        body: dict[str, Any] = {"type": kind, "time": told.isoformat(), "data": {"contacts": contacts, **data}}
        if feed != "webinar":
            body = {"id": f"{self.company.account_id}-{len(self.events):05d}", **body}
        self.events.append(Event(when, feed, body))

    def _visit(self, day: date, present: list[Person]) -> None:
        person, when = self._pick(present), at(day, self._hour())
        number = self.rng.randint(1, 6)
        contact = {"email": person.email, "anonymous_id": f"{self.company.account_id}-{person.email.partition('@')[0]}"}
        if self.rng.random() < self.script.visitors:
            domain = self.company.domain
            if self.script.renamed_on and day >= self.script.renamed_on:
                domain = NEW_DOMAIN
            contact = {"anonymous_id": f"{self.company.account_id}-visitor-{number}", "host": f"gw{number}.{domain}"}
        agent = self.rng.choice(BROWSERS)
        for page in self.rng.sample(PAGES, self.rng.randint(1, 2)):
            self._add("web-tracker", "web.page_viewed", when, [contact], subject=page, user_agent=agent)
            when += timedelta(seconds=self.rng.randint(15, 240))
        if self.rng.random() < 0.15:
            document = self.rng.choice(DOCUMENTS)
            self._add("web-tracker", "web.document_downloaded", when, [contact], subject=document, user_agent=agent)
        if "email" in contact and self.rng.random() < 0.08:
            when += timedelta(seconds=90)
            self._add("web-forms", "web.form_submitted", when, [contact], subject="/contact", user_agent=agent)

    def _mail(self, day: date, present: list[Person]) -> None:
        person, hour = self._pick(present), self._hour()
        subject = self.rng.choice(MAIL_JA if self.company.region == "japan" else MAIL_EN)
        contacts = [{"email": person.email}]
        if self.rng.random() < 0.5:
            sent = at(day, max(8.5, hour - self.rng.uniform(0.3, 4)))
            if self.company.region == "americas":
                sent = at(day - timedelta(days=1), self.rng.uniform(14, 19))  # they read it in their morning
            self._add("mail-gateway", "email.sent", sent, contacts, subject=subject)
        self._add("mail-gateway", "email.received", at(day, hour), contacts, subject=f"Re: {subject}")

    def _newsletter(self, day: date, present: list[Person]) -> None:
        person, when = self._pick(present), at(day, self._hour())
        campaign = f"newsletter-{day - timedelta(days=14):%Y-%m}"  # this month's is out by the 14th
        contacts = [{"email": person.email}]
        self._add("mail-gateway", "email.opened", when, contacts, campaign=campaign)
        if self.rng.random() < 0.4:
            clicked = when + timedelta(seconds=self.rng.randint(5, 120))
            self._add("mail-gateway", "email.clicked", clicked, contacts, campaign=campaign)

    def _meeting(self, day: date, present: list[Person]) -> None:
        theirs = self._pick_some(present, self.rng.randint(1, 4))
        ours = self.rng.sample(OWN_STAFF, self.rng.randint(1, 2))
        contacts = [{"email": person.email} for person in theirs] + [{"email": f"{who}@{OWN_DOMAIN}"} for who in ours]
        when = at(day, round(self._hour() * 2) / 2)
        subject = self.rng.choice(TOPICS_JA if self.company.region == "japan" else TOPICS_EN)
        self._add("calendar", "meeting.held", when, contacts, subject=subject)

    def _webinar(self, day: date, present: list[Person]) -> None:
        name, when = f"webinar-{day:%Y-%m}", at(day, OFFICE_HOURS[self.company.region][0] + 4)
        for person in self._pick_some(present, self.rng.randint(1, 3)):
            registered = when - timedelta(hours=1)
            if self.last_day and self.last_day >= max(day - timedelta(days=14), person.since):
                # Only on a day in touch anyway, so that the pace stays as scripted.
                registered = at(self.last_day, self._hour())
            contact = {"email": person.email}
            if self.script.visitors and not self.script.renamed_on and self.rng.random() < 0.1:
                # Registered at the door, with a company name and no address.
                contact = {"id": f"badge-{person.email.partition('@')[0]}", "organization": self.company.name}
            self._add("webinar", "event.registered", registered, [contact], campaign=name)
            if self.rng.random() < 0.8:
                joined = when + timedelta(seconds=self.rng.randint(0, 600))
                self._add("webinar", "event.attended", joined, [contact], campaign=name)

    def _our_side(self, day: date) -> None:
        """We write whether they answer or not: mails, the monthly newsletter, invitations."""
        known = [person for person in self.people if person.since <= day < person.until]
        if not known:
            return
        japanese = self.company.region == "japan"
        if self.rng.random() < 0.3:
            subject = self.rng.choice(MAIL_JA if japanese else MAIL_EN)
            contacts = [{"email": p.email} for p in self.rng.sample(known, min(len(known), self.rng.randint(1, 2)))]
            self._add("mail-gateway", "email.sent", at(day, self.rng.uniform(9, 18)), contacts, subject=subject)
        everybody = [{"email": person.email} for person in known]
        if 8 <= day.day <= 14:
            when = at(day, 8 + self.rng.random())
            self._add("mail-gateway", "email.sent", when, everybody, campaign=f"newsletter-{day:%Y-%m}")
        if day.day <= 7:
            when = at(day, 10 + self.rng.random())
            self._add("webinar", "event.invited", when, everybody, campaign=f"webinar-{day:%Y-%m}")

    def _crawl(self, days: list[date]) -> None:
        for day in days:
            when, number = at(day, self.rng.uniform(0, 23)), self.rng.randint(1, 3)
            contact = {"host": f"crawl{number}.{self.company.domain}"}
            agent = self.rng.choice(CRAWLERS)
            for page in self.rng.sample(PAGES, 2):
                self._add("web-tracker", "web.page_viewed", when, [contact], subject=page, user_agent=agent)
                when += timedelta(seconds=3)


def is_webinar_day(day: date) -> bool:
    """The third Wednesday of a month."""
    return day.weekday() == 2 and 15 <= day.day <= 21


def play(rng: random.Random, company: Company, people: list[Person], script: Script, timeline: Timeline) -> list[Event]:
    """All signals of one account, from its own people and from our side to them, in no particular order."""
    return _Play(rng, company, people, script, timeline).run()


def noise(rng: random.Random, timeline: Timeline) -> Iterator[Event]:
    """What counts for no account: own staff, crawlers, anonymous visitors, free mail and companies nobody declared."""
    number = 0
    for days in timeline.weeks("japan"):
        for day in days:
            for _ in range(rng.randint(0, 3)):
                number += 1
                when = at(day, rng.uniform(8, 22))
                feed, kind, contact, agent = _stray(rng)
                data = {"contacts": [contact], "user_agent": agent, "subject": rng.choice(PAGES)}
                body = {"id": f"stray-{number:05d}", "type": kind, "time": when.isoformat(), "data": data}
                yield Event(when, feed, body)


def _stray(rng: random.Random) -> tuple[Feed, str, dict[str, str], str]:
    who = rng.choice(("own", "crawler", "anonymous", "free_mail", "unbound"))
    number, browser = rng.randint(1, 40), rng.choice(BROWSERS)
    match who:
        case "own":
            return "web-tracker", "web.page_viewed", {"email": f"{rng.choice(OWN_STAFF)}@{OWN_DOMAIN}"}, browser
        case "crawler":
            return "web-tracker", "web.page_viewed", {"ip": f"192.0.2.{number}"}, rng.choice(CRAWLERS)
        case "anonymous":
            visitor = {"anonymous_id": f"visitor-{number}", "ip": f"198.51.100.{number}"}
            return "web-tracker", "web.page_viewed", visitor, browser
        case "free_mail":
            return "mail-gateway", "email.received", {"email": f"setten-demo-{number}@mailinator.com"}, ""
        case _:
            host = rng.choice(("example.net", "example.org", "example.or.jp"))
            return "web-forms", "web.form_submitted", {"email": f"buyer{number}@unlisted.{host}"}, browser
