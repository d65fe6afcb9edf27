"""Rows that declare accounts, contacts and products. An empty field says nothing: what was declared before goes on."""

import re

from pydantic import ValidationError

from models.crm.accounts import account_id_of, host_of
from models.crm.cells import Cells
from models.crm.problems import Problem, Wrong
from models.crm.world import World
from models.crm_facts import ProductDeclared
from models.domains import domain_error
from models.erasure import is_nobody
from models.events import Contact
from models.facts import AccountDeclared, ContactDeclared
from models.identity.company_names import plain_key
from models.identity.corporate_number import normalise_number, number_error
from models.sources.attendee_lists import narrow

_BETWEEN_DOMAINS = re.compile(r"[\s,;|、]+")


def account(cells: Cells, world: World) -> AccountDeclared | None:
    """The account that a row declares, without its parent: see with_parent. It is known from then on."""
    name = cells.need("name")
    if cells.refused:
        return None
    account_id = _account_id(cells, world)
    before = world.known.accounts.get(account_id)
    told: dict[str, object] = before.model_dump() if before else {}
    told |= {"account_id": account_id, "name": name, "recorded_at": world.recorded_at}
    if number := _corporate_number(cells):
        told["corporate_number"] = number
    for field in ("tier", "kind"):
        if written := cells.text(field):
            told[field] = (cells.meant(field, written) or written).lower()
    # Domains are added: a CRM has room for one of them only, and a lost one would take its history along.
    told["domains"] = [*(before.domains if before else ()), *_domains(cells, world, account_id)]
    try:
        declared = AccountDeclared.model_validate(told)
    except ValidationError as error:
        cells.invalid(error)
        return None
    world.accounts.add(declared, world.map.id_prefix + cells.text("id") if cells.text("id") else "")
    return declared


def _account_id(cells: Cells, world: World) -> str:
    """The key of a known account where the row is one of them, else the CRM's, else one made of the name."""
    key, name = cells.text("id"), cells.text("name")
    own = world.map.id_prefix + key if key else account_id_of(name)
    if own in world.known.accounts:
        return own
    known = world.known
    if same := known.by_number.get(normalise_number(cells.text("corporate_number"))):
        world.matched["corporate number"] = world.matched.get("corporate number", 0) + 1
        return same
    for way in world.map.match:
        found: set[str] = set()
        if way == "domain":
            hosts = map(host_of, _BETWEEN_DOMAINS.split(cells.text("domains")))
            found = {known.by_domain[host] for host in hosts if host in known.by_domain}
        elif way == "name":
            found = {one for one in world.accounts.named(name) if one in known.accounts}
        if len(found) == 1:
            world.matched[way] = world.matched.get(way, 0) + 1
            return found.pop()
        if found:
            several = ", ".join(sorted(found))[:200]
            cells.report(
                Wrong.ACCOUNT_AMBIGUOUS,
                way,
                name,
                f"could be any of {several}: it is declared as one of its own, {own}",
            )
            return own
    return own


def _corporate_number(cells: Cells) -> str:
    """The corporate number of a row, '' where it has none that can be used."""
    number = normalise_number(cells.text("corporate_number"))
    if number and (error := number_error(number)):
        cells.report(
            Wrong.FIELD_INVALID, "corporate_number", cells.text("corporate_number"), f"{error}; it is left out"
        )
        return ""
    return number


def _domains(cells: Cells, world: World, account_id: str) -> list[str]:
    usable = []
    for written in filter(None, _BETWEEN_DOMAINS.split(cells.text("domains"))):
        host = host_of(written)
        owner = world.accounts.by_domain.get(host)
        if error := domain_error(host):
            cells.report(Wrong.DOMAIN_UNUSABLE, "domains", written, error)
        elif owner not in (None, account_id):
            cells.report(
                Wrong.DOMAIN_UNUSABLE, "domains", written, f"it belongs to account {owner!r}: give it to one of them"
            )
        else:
            usable.append(host)
    return usable


def with_parent(declared: AccountDeclared, cells: Cells, world: World) -> AccountDeclared:
    """The account with its parent, once all accounts are known."""
    written = cells.text("parent")
    if not written:
        return declared
    found = world.accounts.find({"account_id": written, "account_name": written}, world.map.match, world.map.id_prefix)
    if isinstance(found, Problem):
        cells.problems.append(found._replace(field="parent"))
        return declared
    if found == declared.account_id:
        cells.report(Wrong.ACCOUNT_UNKNOWN, "parent", written, "an account cannot be its own parent: it is left out")
        return declared
    return declared.model_copy(update={"parent_account_id": found})


def contact(cells: Cells, world: World) -> ContactDeclared | None:
    """The person that a row declares."""
    email = narrow(cells.need("email")).lower()
    since = cells.day("since")
    account_id = world.account_of(cells)
    if cells.refused:
        return None
    try:
        key = Contact(email=email).key
    except ValidationError:
        cells.refuse(Wrong.FIELD_INVALID, "email", email, "not a mail address: give one like sato@example.co.jp")
        return None
    if is_nobody(key):
        cells.refuse(Wrong.FIELD_INVALID, "email", email, "stands for people who were erased: take the row out")
        return None
    before = world.known.declared.get((key, since))
    told: dict[str, object] = before.model_dump() if before else {}
    told |= {"contact_key": key, "recorded_at": world.recorded_at, "since": since}
    told |= {"account_id": account_id} if account_id else {}
    told |= {field: value for field in ("title", "department") if (value := cells.text(field))}
    told |= {"name": name} if (name := _name(cells)) else {}
    seniority = _seniority(cells)
    if seniority is None and before and before.title and before.title != told["title"]:
        # What was said of the rank was said of another title.
        seniority, told["title_tells"] = "unknown", True
    elif seniority is not None:
        told["title_tells"] = seniority != "unknown"
    if seniority is not None:
        told["seniority"] = seniority
    try:
        return ContactDeclared.model_validate(told)
    except ValidationError as error:
        cells.invalid(error)
        return None


def _name(cells: Cells) -> str:
    first, last = cells.text("first_name"), cells.text("last_name")
    western = (first + last).isascii() or any("\u00c0" <= char <= "\u024f" for char in first + last)
    return cells.text("name") or " ".join(filter(None, (first, last) if western else (last, first)))


def _seniority(cells: Cells) -> str | None:
    """What the map says of the rank, of its column, else of the title; None where it says nothing.

    What a title says by itself is no statement of the CRM's: it is read where contacts are shown (models.people).
    """
    written = cells.text("seniority")
    if not written:
        return cells.meant("seniority", cells.text("title")) if cells.text("title") else None
    meant = cells.meant("seniority", written)
    if meant is None:
        cells.report(
            Wrong.VALUE_UNLISTED, "seniority", written, "left to the title: add it to `values.seniority` of the map"
        )
    return meant


def product(cells: Cells, world: World) -> ProductDeclared | None:
    """The product that a row declares. It is known from then on."""
    name, currency = cells.need("name"), cells.currency()
    price = cells.amount("list_price", currency)
    if cells.refused:
        return None
    try:
        declared = ProductDeclared(
            recorded_at=world.recorded_at,
            product=name,
            series=cells.text("series"),
            list_price=price,
            currency=currency if price is not None else None,
        )
    except ValidationError as error:
        cells.invalid(error)
        return None
    world.products.setdefault(plain_key(name), name)
    return declared
