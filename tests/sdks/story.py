"""What a site's visitors do, as calls of Segment's API, and the touches that a person would expect of it.

A visitor reads two pages before it is known who she is, then asks for a demo; a second person, whose address nobody
knows, is at a company that `group` names, and was another visitor on her phone.
"""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
SITE = "https://www.example.co.jp"
ORDERS = 230  # more than two batches of a hundred


class Touch(NamedTuple):
    """As in the table touches; contact: its key."""

    contact: str
    at: datetime
    action: str
    subject: str
    campaign: str = ""


def story(now: datetime, source: str) -> list[dict[str, Any]]:
    """The calls of yesterday, with times as text in RFC 3339. source: that the write key is of; cookies are its own."""
    begun = yesterday(now)

    def call(kind: str, minute: float, path: str = "", **told: Any) -> dict[str, Any]:
        page = {"page": {"path": path.partition("?")[0], "url": f"{SITE}{path}", "title": "頁"}} if path else {}
        context = {"userAgent": AGENT, **page, **told.pop("context", {})}
        return {"type": kind, "context": context, "timestamp": (begun + timedelta(minutes=minute)).isoformat(), **told}

    phone = f"{source}-phone"
    visitor, member, other = {"anonymousId": f"{source}-desk"}, {"userId": "member-1"}, {"userId": "member-2"}
    sato = {"email": sato_of(source).title(), "name": "佐藤 花", "title": "部長", "company": {"name": "青空重工業"}}
    autumn = {"campaign": {"name": "autumn"}}
    calls = [
        call("page", 0, "/pricing?utm_campaign=autumn&utm_source=mail", **visitor, name="Pricing"),
        call("track", 1, "/pricing", **visitor, event="Price List Downloaded", context=autumn),
        call("identify", 2, **visitor, **member, traits=sato),
        call("page", 3, "/demo", **member, name="Demo"),
        call("track", 4, "/demo", **member, event="Demo Requested", properties={"seats": 40}),
        call("screen", 5, **member, name="Dashboard"),
        call("page", 6, "/parts", anonymousId=phone, name="Parts"),
        call("group", 7, **other, groupId="kita.example", traits={"name": "北川精機", "employees": 300}),
        call("alias", 8, **other, previousId=phone),
    ]
    orders = [call("track", 10 + n / 10, "/orders", **other, event="Order Viewed", properties={"order": n})
              for n in range(ORDERS)]  # fmt: skip
    return calls + orders


def touches(now: datetime, source: str) -> list[Touch]:
    """What has to be in `touches` of it, in the order of their times. source: that the write key is of."""
    begun = yesterday(now)
    member, other = f"id:{source}:member-1", f"id:{source}:member-2"

    def touch(contact: str, minute: float, action: str, subject: str, campaign: str = "") -> Touch:
        return Touch(contact, begun + timedelta(minutes=minute), action, subject, campaign)

    return [
        touch(f"anon:{source}-desk", 0, "page_viewed", "/pricing", "autumn"),
        touch(f"anon:{source}-desk", 1, "price_list_downloaded", "/pricing", "autumn"),
        touch(member, 3, "page_viewed", "/demo"),
        touch(member, 4, "demo_requested", "/demo"),
        touch(member, 5, "screen_viewed", "Dashboard"),
        touch(f"anon:{source}-phone", 6, "page_viewed", "/parts"),
        *(touch(other, 10 + n / 10, "order_viewed", "/orders") for n in range(ORDERS)),
    ]


def sato_of(source: str) -> str:
    """The address of the first of the two; as one person tells of herself by several SDKs, one for each."""
    return f"sato.{source}@aozora.example"


def yesterday(now: datetime) -> datetime:
    """Half past nine in Tokyo on the day before, as UTC says what day it is."""
    return (now - timedelta(days=1)).replace(hour=0, minute=30, second=0, microsecond=0)


def snowplow_story(now: datetime, source: str) -> list[dict[str, Any]]:
    """The same people as Snowplow's events. source: as above."""
    begun = yesterday(now)

    def event(kind: str, minute: float, path: str, **told: Any) -> dict[str, Any]:
        at = int((begun + timedelta(minutes=minute)).timestamp() * 1000)
        return {"kind": kind, "at": at, "url": f"{SITE}{path}", "agent": AGENT, "visitor": f"{source}-desk", **told}

    sato, other = {"user": sato_of(source)}, {"user": "member-2", "visitor": f"{source}-phone"}
    return [
        event("view", 0, "/pricing?utm_campaign=autumn"),
        event("structured", 1, "/pricing", name="downloadPrices", label="価格表.pdf"),
        event("ping", 2, "/pricing"),
        event("view", 3, "/demo", **sato),
        event("described", 4, "/demo", name="demo_requested", **sato),
        *(event("view", 10 + n, f"/parts/{n}", **other) for n in range(12)),
    ]


def snowplow_touches(now: datetime, source: str) -> list[Touch]:
    """What has to be in `touches` of it, without the ping, which a timer sends."""
    begun = yesterday(now)
    visitor, sato = f"anon:{source}-desk", f"mail:{sato_of(source)}"
    first = [
        (visitor, 0, "page_viewed", "/pricing", "autumn"),
        (visitor, 1, "download_prices", "価格表.pdf", ""),
        (sato, 3, "page_viewed", "/demo", ""),
        (sato, 4, "demo_requested", "", ""),
        *((f"id:{source}:member-2", 10 + n, "page_viewed", f"/parts/{n}", "") for n in range(12)),
    ]
    return [Touch(contact, begun + timedelta(minutes=minute), *rest) for contact, minute, *rest in first]


def shop_events(now: datetime, source: str) -> list[dict[str, Any]]:
    """Seven events of a shop, in our canonical form, for CloudEvents."""
    return [
        {
            "id": f"{source}-{n}",
            "source": f"/{source}",
            "type": "web.order_placed",
            "time": (yesterday(now) + timedelta(minutes=n)).isoformat(),
            "data": {"contacts": [{"email": sato_of(source)}], "subject": f"/orders/{n}", "campaign": "秋"},
        }
        for n in range(7)
    ]


def shop_touches(now: datetime, source: str) -> list[Touch]:
    begun, sato = yesterday(now), f"mail:{sato_of(source)}"
    return [Touch(sato, begun + timedelta(minutes=n), "order_placed", f"/orders/{n}", "秋") for n in range(7)]
