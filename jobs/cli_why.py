"""`setten why`: explain for whom a contact or an event counts, and by which facts."""

from datetime import datetime
from typing import Annotated, Literal

import typer

from infra.settings import load_settings
from jobs.console import clear_errors, fail, out, print_json
from jobs.options import AsJson, Config, DataDirOption
from models.identity.asked import asked


def why(
    what: Annotated[
        str,
        typer.Argument(
            metavar="ADDRESS|EVENT_ID|KEY|DOMAIN|NAME",
            help="A mail address in any form, an event's id, a contact key (mail:, id:, anon:, host:, ip:), a domain, "
            "or a company name (org: before one that looks like a domain).",
        ),
    ],
    on: Annotated[
        datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="The business day; today by default. Events have their own."),
    ] = None,
    lang: Annotated[Literal["en", "ja"], typer.Option(help="en or ja.")] = "en",
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Explain for which account a contact counts on a day: by what, which facts say so, and what was ruled out.

    Where no account is bound it says why not, and how to state what is missing. Of an event it explains every touch,
    and tells the body it came in and whether it came twice, was contradicted or taken back.

    Exit code 0 also where nothing binds; 1 where no touch and no fact knows what is asked about.
    """
    from jobs.why import Explainer, NotFound
    from jobs.why_output import Printed, contact_json, event_json

    try:
        question = asked(what)
    except ValueError as error:
        raise fail(str(error), 2) from None
    if question.what == "event" and on is not None:
        raise fail("--on: an event has a day of its own; leave it out", 2)
    if on is not None and not 1990 <= on.year <= 2100:
        raise fail("--on: give a year from 1990 to 2100", 2)
    with clear_errors():
        settings = load_settings(config, data_dir)
        explainer, printed = Explainer(settings), Printed(lang, settings.zone)
        try:
            if question.what == "event":
                event = explainer.event(question.event_id)
                told, lines = event_json(event), printed.event(event)
            else:
                day = on.date() if on else datetime.now(settings.zone).date()
                contact = explainer.contact(question, day)
                told, lines = contact_json(contact, day), printed.contact(contact)
        except NotFound as error:
            raise fail(str(error)) from None
    if as_json:
        print_json(told)
        return
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
