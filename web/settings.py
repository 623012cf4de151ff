"""Settings of an install: read once from the environment and one optional file into one frozen object.

Every name starts with ``RAMAL_``; the fields of a group are joined with two underscores (``RAMAL_LIMITS__HANDSETS``).
``RAMAL_SETTINGS`` names a ``.env`` or ``.toml`` file; the environment wins over it. Each setting is described in
``docs/settings.md``.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, ByteSize, ConfigDict, Field, SecretStr, ValidationError
from pydantic import field_validator as validates
from pydantic import model_validator as validates_whole
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

PREFIX = "RAMAL_"
LOCALHOST = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(Exception):
    """A setting is missing or wrong. The message has one line per setting: its name in the environment, and why."""


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SessionSettings(_Group):
    """How long a log-in lasts, in hours."""

    idle_hours: float = Field(default=12.0, gt=0, description="hours without a request after which a session ends")
    absolute_hours: float = Field(default=24.0, gt=0, description="hours after log-in at which a session ends")


class LimitSettings(_Group):
    """Counts and rates that keep one client from spoiling the rest."""

    login_per_address: int = Field(default=10, ge=1, description="log-in attempts a minute from one address")
    login_per_user: int = Field(default=5, ge=1, description="log-in attempts a minute for one log-in name")
    sockets_per_address: int = Field(default=60, ge=1, description="WebSockets opened a minute from one address")
    tickets: int = Field(default=60, ge=1, description="tickets that one person takes a minute")
    tickets_burst: int = Field(default=20, ge=1, description="of these at once")
    message_bytes: int = Field(default=61_440, ge=4096, le=65_535, description="the longest SIP message of a page")
    message_headers: int = Field(default=100, ge=20, description="header fields of a SIP message of a page")
    message_line: int = Field(default=8_192, ge=256, description="bytes of one line of it")
    message_head: int = Field(default=32_768, ge=1024, description="bytes of all its header fields")
    messages_per_second: float = Field(default=30.0, gt=0, description="SIP messages of the pages of one line")
    messages_burst: int = Field(default=60, ge=1, description="of these at once")
    page_registers: int = Field(default=60, ge=1, description="REGISTER a minute of the pages of one line")
    page_registers_burst: int = Field(default=20, ge=1, description="of these at once")
    invites: int = Field(default=20, ge=1, description="calls that the pages of one line begin a minute")
    texts: int = Field(default=30, ge=1, description="MESSAGE a minute of the pages of one line")
    transactions: int = Field(default=32, ge=4, description="unfinished SIP transactions of one page")
    sdp_bytes: int = Field(default=16_384, ge=1024, description="bytes of a session description")
    sdp_lines: int = Field(default=400, ge=20, description="its lines")
    sdp_streams: int = Field(default=4, ge=1, description="its media streams")
    sdp_candidates: int = Field(default=40, ge=1, description="its ICE candidates")
    handsets: int = Field(default=4, ge=1, description="open pages on one line")
    calls: int = Field(default=6, ge=1, description="calls at once on one line")
    secrets_per_account: int = Field(default=1, ge=1, description="wrong SIP secrets of a company tried a minute")
    secrets: int = Field(default=5, ge=1, description="wrong SIP secrets of all companies tried a minute")
    registers: int = Field(default=20, ge=2, description="REGISTER a second of all lines together to one PBX")


class TimingSettings(_Group):
    """Graces of a line, in seconds; the meaning of each is in `signaling.timing.Timing`."""

    idle: float = Field(default=20.0, ge=0, description="a line stays registered this long after its last page left")
    idle_in_call: float = Field(default=90.0, ge=0, description="the same while a call is live")
    detached: float = Field(default=90.0, ge=0, description="a live call waits this long for its page to come back")
    detached_ringing: float = Field(default=10.0, ge=0, description="the same for a call that still rings")
    elsewhere: float = Field(
        default=5.0, ge=0, description="after this long a waiting call is offered to any page that is opened"
    )
    offered: float = Field(default=10.0, gt=0, description="a page that is offered a call answers within this")
    ringing: float = Field(default=180.0, gt=0, description="a call may ring this long")
    media: float = Field(default=10.0, gt=0, description="after the answer both sides must have audio within this")
    lost: float = Field(default=8.0, gt=0, description="a live call outlives the connection to the PBX this long")
    expires: int = Field(default=300, ge=60, description="lifetime asked for in REGISTER")
    ping: float = Field(
        default=10.0, gt=0, description="handsets, feeds and the PBX are asked for a sign of life this often"
    )
    drain: float = Field(default=1800.0, ge=0, description="after SIGTERM live calls may go on this long")
    spread: float = Field(default=30.0, ge=0, description="idle pages are told of a restart within this")


class Settings(BaseSettings):
    """The whole configuration. Build it with `load`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True, extra="forbid")

    public_url: str = Field(description="the address people open: https://host[:port]; http only for localhost")
    host: str = Field(default="127.0.0.1", description="the address to listen on")
    port: int = Field(
        default=8080,
        ge=0,
        le=65535,
        validation_alias=AliasChoices("RAMAL_PORT", "PORT", "port"),
        description="the TCP port to listen on; PORT is honoured too",
    )
    data: Path = Field(
        default=Path(".ramal"), description="the directory of the database, the captures, the recordings"
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="sqlite+aiosqlite:///… or postgresql+asyncpg://…; default: ramal.db in the data directory",
    )
    migrate: bool = Field(default=True, description="bring the database up to date at start; false: refuse to start")
    master_keys: SecretStr | None = Field(
        default=None, description="keys of the vault, newest first: id:base64 of 32 bytes, separated by commas"
    )
    master_key_file: Path | None = Field(default=None, description="a file of mode 0600 with the same, one per line")
    media_address: str | None = Field(
        default=None, description="the IP address browsers and the PBX send audio to; default: the default route's"
    )
    media_bind: str | None = Field(default=None, description="the local IP address behind NAT; default: media_address")
    media_port: int = Field(
        default=0, ge=0, le=65535, description="the UDP port of the first media worker, the next ones follow; 0: any"
    )
    media_workers: int | None = Field(
        default=None, ge=0, le=64, description="media worker processes; default: one per two cores; 0: no audio here"
    )
    recording_min_free: ByteSize = Field(
        default=ByteSize(1 << 30), description="recording stops when the disk has less than this free"
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="networks whose X-Forwarded-For is believed, separated by commas"
    )
    log_format: Literal["json", "console"] = Field(default="json", description="how log lines look")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least level logged"
    )
    session: SessionSettings = SessionSettings()
    limits: LimitSettings = LimitSettings()
    timing: TimingSettings = TimingSettings()

    @validates("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an address like https://phone.example.com")
        if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
            raise ValueError("must be scheme, host and port only, without a path")
        if parts.scheme == "http" and parts.hostname not in LOCALHOST:
            raise ValueError("must be https: browsers give no microphone to a page of plain http, except on localhost")
        return f"{parts.scheme}://{parts.netloc.lower()}"

    @validates("media_address", "media_bind")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and ipaddress.ip_address(value).is_unspecified:
            raise ValueError("must be one address of this host, not the wildcard: the hub binds what it advertises")
        return value

    @validates("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @validates("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(ipaddress.ip_network(part, strict=False)) for part in value)

    @validates_whole(mode="after")
    def _one_key_source(self) -> Self:
        if (self.master_keys is None) == (self.master_key_file is None):
            raise ValueError("RAMAL_MASTER_KEYS or RAMAL_MASTER_KEY_FILE: exactly one of the two must be set")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what was given to the constructor: `load` brings the environment and the file."""
        return (init_settings,)

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return self.public_url.startswith("https:")

    @property
    def public_host(self) -> str:
        """``host[:port]`` as browsers send it in Host."""
        return urlsplit(self.public_url).netloc

    @property
    def websocket_origin(self) -> str:
        """The gateway's own host as a WebSocket source of a Content-Security-Policy."""
        return f"{'wss' if self.secure else 'ws'}://{self.public_host}"

    @property
    def database(self) -> str:
        """The URL of the database, with the default filled in."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data / 'ramal.db'}"

    @property
    def recordings(self) -> Path:
        return self.data / "recordings"

    @property
    def captures(self) -> Path:
        return self.data / "captures"


@dataclass(frozen=True, slots=True)
class _Environment:
    """The two sources of `load`, read from an explicit environment so that tests need not change the real one."""

    variables: Mapping[str, str]

    def values(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        name = self.variables.get("RAMAL_SETTINGS")
        if name is not None:
            merged = self._of_file(Path(name))
        _merge(merged, _of_variables(self.variables))
        return merged

    @staticmethod
    def _of_file(path: Path) -> dict[str, Any]:
        if not path.is_file():
            raise SettingsError(f"RAMAL_SETTINGS: there is no file {path}")
        if path.suffix == ".toml":
            return dict(TomlConfigSettingsSource(Settings, path)())
        found = DotEnvSettingsSource(Settings, env_file=path).env_vars
        return _of_variables({name.upper(): value for name, value in found.items() if value is not None})


def _of_variables(variables: Mapping[str, str]) -> dict[str, Any]:
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in variables.items()}
    return dict(source())


def _merge(into: dict[str, Any], over: Mapping[str, Any]) -> None:
    for name, value in over.items():
        if isinstance(value, Mapping) and isinstance(into.get(name), dict):
            _merge(into[name], value)
        else:
            into[name] = value


def load(variables: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings of ``variables`` (default: the process's environment). Raises `SettingsError`."""
    environment = os.environ if variables is None else variables
    try:
        values = _Environment(environment).values()
        if "port" not in overrides:
            overrides_port = values.pop("RAMAL_PORT", values.pop("PORT", None))
            if overrides_port is not None:
                values["port"] = overrides_port
        return Settings(**{**values, **overrides})
    except ValidationError as error:
        raise SettingsError(_in_words(error)) from None


def _in_words(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = PREFIX + "__".join(str(part).upper() for part in problem["loc"]) if problem["loc"] else ""
        reason = "is missing" if problem["type"] == "missing" else problem["msg"].removeprefix("Value error, ")
        lines.append(f"{name.replace('RAMAL_RAMAL_', PREFIX)}: {reason}" if name else reason)
    return "\n".join(lines)
