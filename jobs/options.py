"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DataDirOption = Annotated[
    Path | None,
    typer.Option("--data-dir", help="Data directory of the embedded services; ./.setten by default.", file_okay=False),
]
Config = Annotated[Path | None, typer.Option("--config", help="Settings file instead of ./setten.toml.")]
