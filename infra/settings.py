"""Configuration: environment (`SETTEN_*`), then `setten.toml`, then the embedded services that `setten up` runs here.

Read once at start, frozen, and all errors reported together.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

CONFIG_FILE = "setten.toml"
DEFAULT_DATA_DIR = Path(".setten")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?")


class SettingsError(Exception):
    """The configuration cannot be used; the message lists everything that is wrong with it."""


class Settings(BaseSettings):
    """All that Setten can be told: each field is `SETTEN_<FIELD>` in the environment and `<field>` in `setten.toml`."""

    model_config = SettingsConfigDict(env_prefix="SETTEN_", frozen=True, extra="forbid", validate_default=True)

    data_dir: Path = Field(default=DEFAULT_DATA_DIR, description="where `setten up` keeps the embedded services' data")

    embedded_broker: Literal["tansu", "kafka"] = Field(
        default="tansu", description="which broker `setten up` runs: tansu is in memory, kafka needs `make kafka`"
    )

    kafka_brokers: str = Field(default="", description="host:port, comma-separated")
    kafka_security: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    kafka_partitions: int = Field(default=8, ge=1, le=1024, description="partitions of each signals topic")
    kafka_replication: int = Field(default=1, ge=1, le=9)
    kafka_session_timeout_s: int = Field(
        default=30, ge=6, le=300, description="a worker silent for so long leaves its group"
    )

    poison_limit: int = Field(
        default=10_000, ge=0, description="a worker stops after so many refused events in a row; 0: it never does"
    )

    clickhouse_url: str = Field(default="", description="http(s)://host:port")
    clickhouse_user: str = "setten"
    clickhouse_password: SecretStr = SecretStr("")
    clickhouse_database: str = Field(default="setten", pattern=r"^[a-z_][a-z0-9_]{0,62}$")
    clickhouse_ca_file: Path | None = None

    bi_database: str = Field(
        default="",
        pattern=r"^([a-z_][a-z0-9_]{0,53})?$",
        description="database of the views for BI tools; by default bi, beside any but setten its name and _bi",
    )
    bi_reads: Literal["views", "personal", "tables"] = Field(
        default="views",
        description="what the user bi of `setten up` reads: views without persons, those with them, the tables as well",
    )

    retention_archive_days: int = Field(default=0, ge=0, le=36500, description="days bodies are kept; 0: for ever")
    retention_dead_letters_days: int = Field(default=0, ge=0, le=36500, description="days from receipt; 0: for ever")
    retention_touches_days: int = Field(
        default=0, ge=0, le=36500, description="days touches and their contact-days are kept; 0: for ever"
    )
    retention_assessments_days: int = Field(default=0, ge=0, le=36500, description="days from the day judged")
    retention_alerts_days: int = Field(default=0, ge=0, le=36500, description="days after an alert is resolved")

    business_timezone: str = Field(default="Asia/Tokyo", description="whose days are days")
    fiscal_year_start_month: int = Field(default=4, ge=1, le=12)
    reply_sla_hours: float = Field(default=24, gt=0, le=8760, description="within which we are to answer a mail")
    strategic_accounts_per_owner: int = Field(
        default=8, ge=1, le=1000, description="an owner with plans of more chosen accounts is warned of"
    )

    collector_host: str = "127.0.0.1"
    collector_port: int = Field(default=8420, ge=0, le=65535)
    collector_token: SecretStr = Field(default=SecretStr(""), description="when set, required as a bearer token")
    keys_file: Path | None = Field(default=None, description="write keys; by default keys.json in the data directory")
    webhooks_file: Path | None = Field(default=None, description="TOML: who posts webhooks, and their secrets")
    collector_origins: str = Field(
        default="", description="pages whose browsers may send, comma-separated: https://www.example.co.jp"
    )
    collector_key_rate: int = Field(
        default=500, ge=0, le=1_000_000, description="requests a second with one key, of one collector; 0: no limit"
    )
    collector_connections: int = Field(
        default=2000, ge=10, le=100_000, description="most connections at once; the one that waits longest is closed"
    )

    metrics_host: str = Field(default="127.0.0.1", description="where metrics are shown; they need no password")
    metrics_port: int = Field(
        default=0,
        ge=0,
        le=65535,
        description="a worker's metrics for Prometheus; 0: none, with `setten up` a free port",
    )
    collector_metrics_port: int = Field(
        default=0, ge=0, le=65535, description="a collector's metrics, apart from its own port; 0 as for metrics_port"
    )

    priority_model: Path | None = Field(
        default=None, description="TOML: how `setten prioritise` ranks accounts; see docs/priority.md"
    )

    sweep_every_s: int = Field(default=900, ge=1, le=86400, description="how often silence is looked for")
    score_profile: Path | None = Field(
        default=None, description="TOML: what engagement is worth; by default the profile that Setten comes with"
    )
    rules_file: Path | None = Field(
        default=None, description="TOML: thresholds of the rules and business days; by default those Setten comes with"
    )
    webhook_url: str = Field(default="", description="told of every alert change, as JSON")

    google_api_url: str = Field(default="https://www.googleapis.com/calendar/v3", description="of Google Calendar")
    google_token_url: str = Field(default="https://oauth2.googleapis.com/token", description="where tokens are renewed")
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    google_refresh_token: SecretStr = Field(default=SecretStr(""), description="of who may read the calendars")
    google_access_token: SecretStr = Field(default=SecretStr(""), description="used as it is; it lives for an hour")

    graph_api_url: str = Field(default="https://graph.microsoft.com/v1.0", description="of Microsoft Graph")
    graph_login_url: str = Field(default="https://login.microsoftonline.com", description="where tokens are given")
    graph_tenant: str = Field(default="", description="the organisation's id or domain")
    graph_client_id: str = ""
    graph_client_secret: SecretStr = SecretStr("")
    graph_refresh_token: SecretStr = Field(
        default=SecretStr(""), description="of one user, instead of the whole tenant"
    )
    graph_access_token: SecretStr = Field(default=SecretStr(""), description="used as it is; it lives for an hour")

    @field_validator("google_api_url", "google_token_url", "graph_api_url", "graph_login_url")
    @classmethod
    def _private_url(cls, value: str) -> str:
        told = urlsplit(value)
        # Tokens are sent there; on this machine nobody listens in.
        if told.scheme != "https" and not (
            told.scheme == "http" and told.hostname in ("127.0.0.1", "::1", "localhost")
        ):
            raise ValueError(f"{value!r} must start with https://: secrets are sent there")
        return value.rstrip("/")

    @field_validator("business_timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except Exception as error:  # zoneinfo raises several kinds for what is no zone
            raise ValueError(f"{value!r} is not a time zone: give one like Asia/Tokyo") from error
        return value

    @field_validator("clickhouse_url", "webhook_url")
    @classmethod
    def _url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError(f"{value!r} is not a URL: it must start with http:// or https://")
        return value.rstrip("/")

    @field_validator("kafka_brokers")
    @classmethod
    def _brokers(cls, value: str) -> str:
        for broker in filter(None, value.split(",")):
            host, _, port = broker.strip().rpartition(":")
            if not host or not port.isdigit() or not 0 < int(port) < 65536:
                raise ValueError(f"{broker!r} is not a broker: give host:port, comma-separated")
        return value

    @field_validator("collector_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in filter(None, value.split(",")):
            if not _ORIGIN.fullmatch(origin.strip()):
                raise ValueError(
                    f"{origin!r} is not an origin: give scheme, host and port without a path, such as "
                    "https://www.example.co.jp; any page whatever (*) cannot be allowed"
                )
        return value

    @field_validator("kafka_ca_file", "clickhouse_ca_file", "webhooks_file", "priority_model", "score_profile")
    @classmethod
    def _file(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"no such file: {value}")
        return value

    @model_validator(mode="after")
    def _together(self) -> "Settings":
        if self.kafka_security.startswith("SASL") and not (self.kafka_user and self.kafka_password.get_secret_value()):
            raise ValueError(f"kafka_security {self.kafka_security} needs kafka_user and kafka_password")
        loopback = self.collector_host in ("127.0.0.1", "::1", "localhost")
        if not loopback and not self.collector_token.get_secret_value():
            raise ValueError(f"collector_host {self.collector_host!r} is reachable from outside: set collector_token")
        return self

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.business_timezone)

    @property
    def bi_name(self) -> str:
        """The database of the views for BI tools; two stores on one ClickHouse have two."""
        return self.bi_database or ("bi" if self.clickhouse_database == "setten" else f"{self.clickhouse_database}_bi")

    @property
    def brokers(self) -> list[str]:
        return [broker.strip() for broker in self.kafka_brokers.split(",") if broker.strip()]

    @property
    def origins(self) -> list[str]:
        return [origin.strip() for origin in self.collector_origins.split(",") if origin.strip()]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def run_file(data_dir: Path) -> Path:
    """Where `setten up` writes the addresses and passwords of what it runs (mode 0600)."""
    return data_dir / "run" / CONFIG_FILE


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(f"{path}: cannot be read: {error}") from error


def load_settings(config: Path | None = None, data_dir: Path | None = None) -> Settings:
    """Read the configuration once.

    config: the file to read instead of `./setten.toml`. data_dir: overrides the setting of that name.
    Precedence: environment, secrets folder (`SETTEN_SECRETS_DIR`: one file a secret, as `setten_<field>`), file,
    the embedded services running on the data directory, defaults.
    Raises SettingsError listing every error.
    """
    if config is not None and not config.is_file():
        raise SettingsError(f"{config}: no such configuration file")
    told = _read(config or Path(CONFIG_FILE))
    if data_dir is not None:
        told["data_dir"] = data_dir
        os.environ.pop("SETTEN_DATA_DIR", None)
    where = Path(os.environ.get("SETTEN_DATA_DIR") or told.get("data_dir") or DEFAULT_DATA_DIR)
    secrets = _secrets()
    known = {name.lower() for name in Settings.model_fields} | {"secrets_dir"}
    unknown = [k for k in os.environ if k.startswith("SETTEN_") and k[7:].lower() not in known]
    problems = [f"{name}: not a setting (see `setten doctor --settings`)" for name in sorted(unknown)]
    settings: Settings | None = None
    try:
        # What is told more directly comes later; the environment is read by the settings class itself and wins.
        settings = Settings(**{**_read(run_file(where)), **told, **secrets})
    except ValidationError as error:
        problems += [_line(e) for e in error.errors(include_url=False)]
    if problems or settings is None:
        raise SettingsError("the configuration has errors:\n" + "\n".join(f"  - {problem}" for problem in problems))
    return settings


def _secrets() -> dict[str, str]:
    """Settings from the folder SETTEN_SECRETS_DIR names: one file a setting, `setten_<field>`. Raises SettingsError."""
    told = os.environ.get("SETTEN_SECRETS_DIR")
    if not told:
        return {}
    folder = Path(told)
    if not folder.is_dir():
        raise SettingsError(f"SETTEN_SECRETS_DIR={told}: no such folder")
    found = {}
    for file in sorted(folder.glob("setten_*")):
        field = file.name.removeprefix("setten_").lower()
        if field not in Settings.model_fields:
            raise SettingsError(f"{file}: {field!r} is not a setting (see `setten doctor --settings`)")
        try:
            found[field] = file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file}: cannot be read: {error}") from error
    return found


def _line(error: Any) -> str:
    name = ".".join(str(part) for part in error["loc"]) or "settings"
    secret = any(word in name for word in ("password", "token", "secret"))
    given = "" if secret or not error["loc"] else f" (got {error['input']!r})"
    return f"{name}: {error['msg'].removeprefix('Value error, ')}{given}"
