"""`setten rollups`: the tables that BI tools read, brought up to date."""

import typer

from infra.rollups import Refreshed
from infra.score_profile import load_profile
from infra.settings import load_settings
from jobs.console import clear_errors, out, print_json
from jobs.options import AsJson, Config, DataDirOption
from jobs.rollups import refresh_all

rollups_app = typer.Typer(no_args_is_help=True)


@rollups_app.callback()
def rollups() -> None:
    """Roll-ups that BI tools read (BI用の集計テーブル): see docs/bi.md."""


@rollups_app.command()
def refresh(as_json: AsJson = False, data_dir: DataDirOption = None, config: Config = None) -> None:
    """Compute what has changed since the last time, and nothing else.

    The worker does this by itself, at most once a minute and not while it reads old signals. Run this after an import,
    or after a change of the fiscal year or the score profile, if the numbers are wanted at once. Killed, it is simply
    run again. How old the numbers are: the view `freshness` in the database `bi`.
    """
    with clear_errors():
        settings = load_settings(config, data_dir)
        done = refresh_all(settings, load_profile(settings))
    if as_json:
        print_json([one._asdict() for one in done])
        return
    for one in done:
        out.print(_line(one), markup=False)


def _line(done: Refreshed) -> str:
    told = [f"computed {', '.join(done.computed)}"] if done.computed else []
    told += [f"dropped {', '.join(done.dropped)}"] if done.dropped else []
    told += [f"put off {', '.join(done.put_off)}: rows were deleted meanwhile, run it again"] if done.put_off else []
    return f"{done.rollup:24} {'; '.join(told) or 'unchanged'}"
