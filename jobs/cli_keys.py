"""`setten keys`: write keys for senders, one source each."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from infra.key_file import KeyFileError, key_file
from infra.settings import Settings, load_settings
from jobs.console import clear_errors, confirm, err, fail, out, print_json
from jobs.keys import NewKey, NoSuchKey, create, listed, revocable, revoke, rotate
from jobs.options import AsJson, Config, DataDirOption

keys_app = typer.Typer(
    help="Write keys: what lets trackers and servers send to the collector, for one source each.", no_args_is_help=True
)

Source = Annotated[str, typer.Argument(help="The source it writes for: lower-case letters, digits, '.', '_', '-'.")]


@keys_app.command("create")
def create_key(source: Source, as_json: AsJson = False, data_dir: DataDirOption = None, config: Config = None) -> None:
    """Make a write key and show it, once: only its hash is kept. Running collectors take it within two seconds."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        try:
            new = create(settings, source, datetime.now(UTC))
        except ValueError:
            raise fail(f"source {source!r}: use lower-case letters, digits, '.', '_', '-', at most 64", 2) from None
        except KeyFileError as error:
            raise fail(str(error)) from None
    _show(new, as_json, settings)


@keys_app.command("rotate")
def rotate_keys(
    source: Source,
    overlap_hours: Annotated[
        float, typer.Option("--overlap-hours", min=0, max=24 * 365, help="How long the old keys stay good.")
    ] = 24.0,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Make a new key for a source; those it has stay good for the overlap, so that nobody is locked out meanwhile."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        try:
            new = rotate(settings, source, datetime.now(UTC), timedelta(hours=overlap_hours))
        except NoSuchKey as error:
            raise fail(str(error), 2) from None
        except KeyFileError as error:
            raise fail(str(error)) from None
    _show(new, as_json, settings)
    if new.ending and not as_json:
        err.print(f"{', '.join(new.ending)}: good for {overlap_hours:g} h more at most", style="dim", markup=False)


@keys_app.command("list")
def list_keys(as_json: AsJson = False, data_dir: DataDirOption = None, config: Config = None) -> None:
    """All keys by source: id, age, and whether they are good. The keys themselves are nowhere."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        try:
            keys = listed(settings)
        except KeyFileError as error:
            raise fail(str(error)) from None
    now = datetime.now(UTC)
    if as_json:
        print_json([{**key.model_dump(exclude={"digest"}), "state": key.state(now)} for key in keys])
        return
    if not keys:
        out.print("no keys; `setten keys create SOURCE` makes one")
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("source", "id", "created", "state"):
        table.add_column(name)
    for key in keys:
        state = key.state(now)
        until = f" until {key.expires_at.astimezone(settings.zone):%Y-%m-%d %H:%M}" if key.expires_at else ""
        table.add_row(
            key.source, key.key_id, f"{key.created_at.astimezone(settings.zone):%Y-%m-%d %H:%M}", state + until
        )
    out.print(table)


@keys_app.command("revoke")
def revoke_key(
    key_id: Annotated[
        str, typer.Argument(metavar="ID", help="The key's id, as `setten keys list` shows it, or all of it.")
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first.")] = False,
    as_json: AsJson = False,
    data_dir: DataDirOption = None,
    config: Config = None,
) -> None:
    """Take a key back for good. Running collectors refuse it within two seconds."""
    with clear_errors():
        settings = load_settings(config, data_dir)
        try:
            key_id = revocable(key_id)
            confirm(f"Revoke key {key_id}? Whoever sends with it is refused from now on.", yes, "nothing was changed")
            gone = revoke(settings, key_id)
        except NoSuchKey as error:
            raise fail(str(error), 2) from None
        except KeyFileError as error:
            raise fail(str(error)) from None
    if as_json:
        print_json({"revoked": gone.key_id, "source": gone.source})
    else:
        out.print(f"key {gone.key_id} of source {gone.source} is revoked", markup=False)


def _show(new: NewKey, as_json: bool, settings: Settings) -> None:
    if as_json:
        print_json(new.as_json())
        return
    out.print(new.text, markup=False, soft_wrap=True)
    err.print(
        f"The write key of source {new.record.source}, shown this once; its hash is in {key_file(settings)}.",
        style="dim",
        markup=False,
    )
