"""The sources that post webhooks: a TOML file with one table a source, its secrets in it or in files beside it."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError, model_validator

from models.write_keys import SOURCE

WebhookKind = Literal["sendgrid", "mailgun", "postmark", "ses", "hubspot", "zoom"]
LANES: dict[WebhookKind, str] = {
    "sendgrid": "email",
    "mailgun": "email",
    "postmark": "email",
    "ses": "email",
    "hubspot": "email",
    "zoom": "event",
}


class WebhookSource(BaseModel):
    """One source. secrets: any of them opens, so that one can be changed without a gap; what they are: docs/sources.

    url: the address as it is entered at HubSpot, which signs it. topic_arn: the SNS topic, which stands for a secret.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: WebhookKind
    secret: SecretStr | None = None
    secrets: Annotated[tuple[SecretStr, ...], Field(max_length=8)] = ()
    secret_file: Path | None = None
    lane: Literal["web", "email", "event", "meeting"] | None = None
    url: Annotated[str, Field(pattern=r"^https?://[^\s#]+$")] | None = None
    topic_arn: (
        Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$")] | None
    ) = None

    @model_validator(mode="after")
    def _complete(self) -> "WebhookSource":
        given = sum((self.secret is not None, bool(self.secrets), self.secret_file is not None))
        if self.kind == "ses":
            if self.topic_arn is None or given:
                raise ValueError("kind 'ses' needs topic_arn, the ARN of its SNS topic, and has no secret")
        elif given != 1:
            raise ValueError(f"kind {self.kind!r} needs one of secret, secrets and secret_file")
        if self.kind == "hubspot" and self.url is None:
            raise ValueError("kind 'hubspot' needs url, the whole address as it is entered at HubSpot, which signs it")
        return self

    @property
    def topic(self) -> str:
        return f"signals.{self.lane or LANES[self.kind]}"

    def read_secrets(self) -> tuple[str, ...]:
        """The secrets that open; of a secret_file each line. Raises OSError, and ValueError where one is empty."""
        told = [one.get_secret_value() for one in (*self.secrets, *([self.secret] if self.secret else []))]
        if self.secret_file is not None:
            told = [line.strip() for line in self.secret_file.read_text("utf-8").splitlines() if line.strip()]
        if self.kind != "ses" and (not told or not all(told)):
            raise ValueError("the secret is empty, and anybody can sign with that")
        return tuple(told)


class Hook(NamedTuple):
    """A source with its secrets read. name: as it stands in the path, and in the records' headers."""

    name: str
    source: WebhookSource
    secrets: tuple[str, ...]


_SOURCES: TypeAdapter[dict[str, WebhookSource]] = TypeAdapter(
    dict[Annotated[str, Field(pattern=SOURCE)], WebhookSource]
)


def parse_hooks(told: bytes | None) -> dict[str, Hook]:
    """The sources by name that a file's bytes describe. Raises ValueError with everything that is wrong, no secret."""
    if told is None:
        return {}
    try:
        tables = tomllib.loads(told.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"is no TOML: {error}") from None
    try:
        sources = _SOURCES.validate_python(tables)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_input=False, include_context=False)
        raise ValueError(_listed([_line(one) for one in wrong])) from None
    hooks, problems = {}, []
    for name, source in sources.items():
        try:
            hooks[name] = Hook(name, source, source.read_secrets())
        except (OSError, ValueError) as error:
            problems.append(f"{name}: {error}")
    if problems:
        raise ValueError(_listed(problems))
    return hooks


def _listed(problems: list[str]) -> str:
    return "has errors:\n" + "\n".join(f"  - {problem}" for problem in problems)


def _line(error: Any) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg'].removeprefix('Value error, ')}"
