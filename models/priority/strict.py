"""What all parts of a priority model have in common: no key that nobody knows."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A part of a priority model, as its TOML file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)
