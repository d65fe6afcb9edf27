"""The score profile that holds: the file that the settings name, else the one shipped here."""

from importlib import resources
from pathlib import Path

from infra.settings import Settings, SettingsError
from models.score.profile import ScoreProfile, read_profile


def load_profile(settings: Settings) -> ScoreProfile:
    """Read the profile once. Raises SettingsError listing everything that is wrong with it, with lines."""
    own = settings.score_profile
    where = str(own) if own else "the shipped one"
    found = read_profile(_text(own) if own else default_text())
    if isinstance(found, list):
        raise SettingsError("the score profile has errors:\n" + "\n".join(f"  - {where}:{error}" for error in found))
    return found


def default_text() -> str:
    """The shipped profile as it is written, comments included: what an own one begins with."""
    return (resources.files("infra") / "score_profiles" / "default.toml").read_text("utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"score_profile {path}: cannot be read: {error}") from error
