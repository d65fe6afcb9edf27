"""What all parts of a priority model have in common: no key that nobody knows, and numbers that are numbers."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# `true` is no 1, and nan compares with nothing.
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Whole = Annotated[int, Field(strict=True)]


class Strict(BaseModel):
    """A part of a priority model, as its TOML file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
