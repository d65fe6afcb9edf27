"""What an import knows while it reads rows: the accounts and products so far, and what was known before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from models.account_profile import AccountProfiled
from models.crm.accounts import AccountIndex
from models.crm.cells import Cells
from models.crm.mapping import CrmMap
from models.crm.names import nearest
from models.crm.problems import Problem, Wrong
from models.crm_facts import ProductDeclared
from models.directory import Directory
from models.identity.company_names import plain_key
from models.novelty import Held, Subject


@dataclass
class World:
    """recorded_at: when the rows are stated. known, known_of_crm: what holds in the store.

    products: names by plain_key. profiles: by account, as known before.
    sums: revenue that is added up, by account, month and currency.
    matched: accounts of the file that were found to be known ones, by how.
    """

    map: CrmMap
    known: Directory
    known_of_crm: Mapping[Subject, Held]
    recorded_at: datetime
    accounts: AccountIndex = field(init=False)
    products: dict[str, str] = field(init=False)
    profiles: dict[str, AccountProfiled] = field(init=False)
    sums: dict[tuple[str, date, str], float] = field(default_factory=dict)
    matched: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.accounts = AccountIndex.of(self.known.accounts.values(), self.map.aliases.accounts)
        declared = ProductDeclared.model_fields["type"].default
        held = (one.profile for one in self.known_of_crm.values())
        self.profiles = {one.account_id: one for one in held if one is not None}
        self.products = {plain_key(name): name for kind, name, *_ in self.known_of_crm if kind == declared}

    def account_of(self, cells: Cells, about: Subject = ()) -> str | None:
        """The account that a row speaks of; why it is none is reported.

        about: what the row is a statement about. Where the row names an account that cannot be found, that of the
        statement that holds is kept: the keys of the CRM are known only while its file of accounts is read.
        """
        found = self.accounts.find(cells.fields, self.map.match, self.map.id_prefix)
        if isinstance(found, Problem):
            held = self.known_of_crm.get(about)
            if held is None or held.account_id is None:
                cells.problems.append(found)
                return None
            say = f"{found.message}; account {held.account_id!r} is kept, as recorded before"
            cells.problems.append(found._replace(message=say))
            return held.account_id
        if found is None and any(name.startswith("account_") for name in cells.fields):
            cells.report(Wrong.ACCOUNT_MISSING, "account_name", "", "the row names no account")
        return found

    def product_of(self, cells: Cells) -> str:
        """The name of the product that a row speaks of; as written where no product has it, which is reported."""
        written = cells.text("product")
        if "product" not in cells.fields or not self.products:
            return written
        if not written:
            cells.report(Wrong.PRODUCT_MISSING, "product", "", "the row names no product")
            return ""
        aliases = {plain_key(name): meant for name, meant in self.map.aliases.products.items()}
        found = self.products.get(plain_key(aliases.get(plain_key(written), written)))
        if found is None:
            close = nearest(written, self.products.values()) or ""
            say = f"if it is {close!r}, say so in `aliases.products` of the map" if close else "import it first"
            cells.report(Wrong.PRODUCT_UNKNOWN, "product", written, f"no such product: {say}", close)
        return found or written

    def add_revenue(self, account_id: str, month: date, currency: str, amount: float) -> None:
        """Add to what Reader.totals() states."""
        key = (account_id, month.replace(day=1), currency)
        self.sums[key] = self.sums.get(key, 0.0) + amount
