"""`setten match-ips`: companies of visitors known by their IP address only, from a database that the user has."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from infra.mmdb import DatabaseUnreadable
from infra.settings import load_settings
from jobs.console import clear_errors, fail, out, print_json
from jobs.match_ips import Matched, NamesNoCompany
from jobs.match_ips import match_ips as run
from jobs.options import AsJson, Config, DataDirOption
from models.identity.address_company import DOMAIN_FIELDS, ORGANIZATION_FIELDS, Fields

_WHY = {
    "anybodys_domain": "with a domain where anybody is: free mail, disposable mail, a public suffix",
    "hosting_or_isp": "of a hoster, an internet provider or a proxy",
    "no_address": "in a form that is no address",
    "no_company": "in the file without a company",
    "not_in_file": "not in the file",
}
_MOST_ACCOUNTS = 10


def match_ips(
    file: Annotated[Path, typer.Argument(metavar="FILE.mmdb", help="Database of companies in the MaxMind format.")],
    since: Annotated[
        datetime | None,
        typer.Option("--since", formats=["%Y-%m-%d"], help="Only visitors seen from this business day on."),
    ] = None,
    domain_field: Annotated[
        list[str] | None,
        typer.Option(
            "--domain-field",
            help=f"Where records have the company's domain, as a.b; repeatable. By default {', '.join(DOMAIN_FIELDS)}.",
        ),
    ] = None,
    organization_field: Annotated[
        list[str] | None,
        typer.Option(
            "--organization-field",
            help=f"Where they have its name; repeatable. By default {', '.join(ORGANIZATION_FIELDS)}.",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look up and count; state nothing.")] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Look up the IP addresses of visitors that count for nobody, and state the companies that the file names for them.

    Weak evidence: whatever else is known of a visitor goes before it. The last file decides: what it names otherwise
    is replaced, what it does not name is taken back. docs/identity.md says more. Exit code 2: the file is none.
    """
    fields = Fields(tuple(domain_field or DOMAIN_FIELDS), tuple(organization_field or ORGANIZATION_FIELDS))
    first = since.date() if since else date(1970, 1, 1)
    if not 1970 <= first.year <= 2100:
        raise fail(f"--since {first}: give a year from 1970 to 2100", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        try:
            found = run(settings, file, first, fields, dry_run=dry_run)
        except (DatabaseUnreadable, NamesNoCompany) as error:
            raise fail(str(error), 2) from None
    if as_json:
        print_json({**found.as_json(), "dry_run": dry_run})
        return
    _print(found, dry_run)


def _print(found: Matched, dry_run: bool) -> None:
    out.print(f"{found.kind} of {found.built_on}", markup=False)
    of_accounts = sum(found.accounts.values())
    out.print(f"{found.addresses:,} addresses, {found.named:,} of a company, {of_accounts:,} of them of an account")
    for why, count in sorted(found.left_out.items()):
        out.print(f"  {count:,} {_WHY[why]}")
    for account_id, count in found.accounts.most_common(_MOST_ACCOUNTS):
        out.print(f"  {count:,} of account {account_id}", markup=False)
    if (more := len(found.accounts) - _MOST_ACCOUNTS) > 0:
        out.print(f"  and of {more:,} more accounts")
    stated = f"{found.stated:,} facts {'would be stated' if dry_run else 'stated'}"
    taken_back = f", {found.taken_back:,} of them that the company is not known any more" if found.taken_back else ""
    out.print(f"{stated}{taken_back}; {found.news['unchanged']:,} known already")
