"""The file of a priority model: one's own, or the one that comes with Setten."""

from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from jobs.files import FileUnreadable
from models.priority.model import PriorityModel
from models.priority.reading import read_model


class ModelUnusable(Exception):
    """A model that nothing can be ranked by. told: all that is wrong with it, a line each."""

    def __init__(self, told: Sequence[str]) -> None:
        super().__init__("; ".join(told))
        self.told = told


def default_model() -> str:
    """The text of the model that comes with Setten."""
    return (resources.files("jobs") / "priority_models" / "default.toml").read_text("utf-8")


def load_model(path: Path | None) -> PriorityModel:
    """The model of a file; None: the one that comes with Setten. Raises ModelUnusable, FileUnreadable."""
    told = path or Path("default.toml")
    try:
        text = default_model() if path is None else path.read_text("utf-8-sig")
    except OSError as error:
        raise FileUnreadable(told, (error.strerror or str(error)).lower()) from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(told, f"byte {error.start} is not UTF-8: save the model as UTF-8") from error
    found = read_model(text)
    if isinstance(found, list):
        raise ModelUnusable([f"{told}:{wrong}" for wrong in found])
    return found
