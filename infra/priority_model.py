"""The priority model that holds: the file that the settings name, else the one shipped here."""

from importlib import resources
from pathlib import Path

from infra.settings import Settings, SettingsError
from models.priority.model import PriorityModel
from models.priority.reading import read_model


def load_model(settings: Settings) -> PriorityModel:
    """Read the model once. Raises SettingsError listing everything that is wrong with it, with lines."""
    own = settings.priority_model
    where = str(own) if own else "the shipped one"
    found = read_model(_text(own) if own else default_model())
    if isinstance(found, list):
        count = f"{len(found)} {'error' if len(found) == 1 else 'errors'}"
        raise SettingsError(f"the priority model has {count}:\n" + "\n".join(f"  - {where}:{one}" for one in found))
    return found


def default_model() -> str:
    """The shipped model as it is written, comments included: what an own one begins with."""
    return (resources.files("infra") / "priority_models" / "default.toml").read_text("utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"priority_model {path}: cannot be read: {error}") from error
