"""The canonical signal: one thing that happened, as its source told it. pydantic is the contract.

Attributes follow CloudEvents 1.0 (https://github.com/cloudevents/spec): `id`, `source`, `type`, `time`, with the
engagement itself in `data`. `type` is `<kind>.<action>`.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Kind = Literal["web", "email", "event", "meeting"]
Direction = Literal["inbound", "outbound", "mutual", "internal"]
KINDS: tuple[str, ...] = ("web", "email", "event", "meeting")
EARLIEST_YEAR = 1990
MAX_CONTACTS = 1000

_TYPE = re.compile(r"^(web|email|event|meeting)\.([a-z][a-z0-9_]{0,63})$")
_DATED = re.compile(r"^\d{4}-\d\d-\d\d[Tt ]")
# Empty stands for absent: trackers send it for visitors who gave none.
_ADDRESS = r"^$|^[^\s@<>,;:\"()\[\]\\]+@(?:[^\s@<>,;:\"()\[\]\\.]+\.)*[^\s@<>,;:\"()\[\]\\.]+$"
# What an action says of who moved: we wrote, they came, or both met.
_OUTBOUND_ACTIONS = frozenset({"email.sent", "event.invited", "meeting.invited"})


def _time_as_text_only(value: object) -> object:
    """Refuse numbers as times: epoch seconds and milliseconds cannot be told apart, so both are a guess."""
    if isinstance(value, datetime) or (isinstance(value, str) and _DATED.match(value)):
        return value
    raise ValueError("must be text in RFC 3339 with its zone")


def split_type(told: str) -> tuple[str, str] | None:
    """(kind, action) of a signal's type, None for what is none."""
    found = _TYPE.fullmatch(told)
    return (found[1], found[2]) if found else None


def default_direction(told: str) -> Direction:
    """Who moved in a signal of this type: outbound for what we send, mutual for meetings, inbound for the rest."""
    if told in _OUTBOUND_ACTIONS:
        return "outbound"
    return "mutual" if told.startswith("meeting.") else "inbound"


class Contact(BaseModel):
    """Who was seen in a signal: at least one of email, id, anonymous_id, host or ip."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    email: Annotated[str, StringConstraints(to_lower=True, max_length=320, pattern=_ADDRESS)] | None = None
    id: Annotated[str, Field(min_length=1, max_length=256)] | None = Field(
        default=None, description="the source's own stable id of the person"
    )
    anonymous_id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    host: Annotated[str, Field(min_length=1, max_length=253)] | None = Field(
        default=None, description="host name of the visitor, by reverse DNS"
    )
    ip: Annotated[str, Field(min_length=2, max_length=45)] | None = None
    organization: Annotated[str, Field(max_length=256)] | None = Field(
        default=None, description="company name as the source wrote it"
    )

    @model_validator(mode="after")
    def _identified(self) -> "Contact":
        if not (self.email or self.id or self.anonymous_id or self.host or self.ip):
            raise ValueError("a contact needs email, id, anonymous_id, host or ip")
        return self

    @property
    def key(self) -> str:
        """Identity key, immutable: the strongest identity given, with its namespace."""
        if self.email:
            return f"mail:{self.email}"
        if self.id:
            return f"id:{self.id}"
        if self.anonymous_id:
            return f"anon:{self.anonymous_id}"
        if self.host:
            return f"host:{self.host.lower().rstrip('.')}"
        return f"ip:{self.ip}"

    @property
    def affiliation(self) -> str:
        """The evidence for a company: host name of the address or visitor, else `org:` and the name given, else ''."""
        if self.email:
            return self.email.rpartition("@")[2].rstrip(".")
        if self.host:
            return self.host.lower().rstrip(".")
        if self.organization:
            return f"org:{self.organization}"
        return ""


class Data(BaseModel):
    """What the signal says of the engagement."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=True)

    contacts: Annotated[list[Contact], Field(min_length=1, max_length=MAX_CONTACTS)]
    direction: Direction | None = Field(default=None, description="who moved; by default what the type implies")
    campaign: Annotated[str, Field(max_length=256)] = ""
    subject: Annotated[str, Field(max_length=512)] = Field(
        default="", description="what it was about: a page's path, a meeting's or event's name; never a message's text"
    )
    user_agent: Annotated[str, Field(max_length=2048)] = ""
    in_reply_to: Annotated[str, Field(max_length=512)] = Field(
        default="", description="the id that the signal it answers has at the same source: of a mail its Message-ID"
    )
    machine: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,31})?$")] = Field(
        default="", description="why it was no person, where the source knows: prefetch, link_scanner ...; it scores 0"
    )


class Signal(BaseModel):
    """One thing that happened, as its source told it. Immutable.

    `id` is the source's own; without one the event is known by its content. `time` is the source's clock and needs a
    zone. Unknown attributes are ignored here and kept in the archive.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", title="Setten signal")

    id: Annotated[str, Field(min_length=1, max_length=512)] | None = None
    source: Annotated[str, Field(max_length=128)] = Field(default="", description="by default the configured source")
    type: Annotated[str, Field(pattern=_TYPE.pattern, examples=["web.page_viewed", "meeting.held"])]
    time: Annotated[AwareDatetime, BeforeValidator(_time_as_text_only)]
    data: Data

    @field_validator("time")
    @classmethod
    def _plausible(cls, value: datetime) -> datetime:
        # Compare before converting: the year 1 with a zone east of Greenwich has no UTC form.
        if not EARLIEST_YEAR <= value.year <= 9998:
            raise ValueError(f"year {value.year} is out of range")
        return value.astimezone(UTC)

    @property
    def direction(self) -> Direction:
        """Who moved: as told, else what the type implies."""
        return self.data.direction or default_direction(self.type)
