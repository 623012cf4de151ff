"""Settings: from the environment and a file, wrong ones by name, each one in the documentation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from web.settings import PREFIX, Settings, SettingsError, load

from .house import KEY

GOOD = {"RAMAL_PUBLIC_URL": "https://phone.example.com", "RAMAL_MASTER_KEYS": KEY}
DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def names(model: type[BaseModel] = Settings, prefix: str = PREFIX) -> Iterator[str]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from names(kind, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}"


def test_what_is_not_said_has_a_default() -> None:
    settings = load(GOOD)
    assert settings.port == 8080
    assert settings.database == "sqlite+aiosqlite:///.ramal/ramal.db"
    assert settings.session.idle_hours == 12 and settings.session.absolute_hours == 24
    assert settings.secure and settings.public_host == "phone.example.com"
    assert settings.websocket_origin == "wss://phone.example.com"


def test_the_environment_reaches_into_groups_and_lists() -> None:
    settings = load({**GOOD, "RAMAL_LIMITS__HANDSETS": "7", "RAMAL_TRUSTED_PROXIES": "10.0.0.0/8, ::1"})
    assert settings.limits.handsets == 7
    assert settings.trusted_proxies == ("10.0.0.0/8", "::1/128")


@pytest.mark.parametrize("name", ["RAMAL_PORT", "PORT"])
def test_the_port_has_two_names(name: str) -> None:
    assert load({**GOOD, name: "9001"}).port == 9001


def test_the_own_name_of_the_port_wins() -> None:
    assert load({**GOOD, "PORT": "1", "RAMAL_PORT": "2"}).port == 2


@pytest.mark.parametrize(
    ("suffix", "text"),
    [
        (".env", "RAMAL_PUBLIC_URL=https://phone.example.com\nRAMAL_PORT=7\nRAMAL_LIMITS__CALLS=3\n"),
        (".toml", 'public_url = "https://phone.example.com"\nport = 7\n[limits]\ncalls = 3\n'),
    ],
)
def test_a_file_gives_what_the_environment_does_not(tmp_path: Path, suffix: str, text: str) -> None:
    file = tmp_path / f"ramal{suffix}"
    file.write_text(text)
    settings = load({"RAMAL_SETTINGS": str(file), "RAMAL_MASTER_KEYS": KEY, "RAMAL_LIMITS__HANDSETS": "2"})
    assert (settings.port, settings.limits.calls, settings.limits.handsets) == (7, 3, 2)
    assert load({"RAMAL_SETTINGS": str(file), "RAMAL_MASTER_KEYS": KEY, "RAMAL_PORT": "8"}).port == 8


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"RAMAL_PUBLIC_URL": None}, "RAMAL_PUBLIC_URL: is missing"),
        ({"RAMAL_PUBLIC_URL": "http://phone.example.com"}, "RAMAL_PUBLIC_URL: must be https"),
        ({"RAMAL_PUBLIC_URL": "https://phone.example.com/x"}, "RAMAL_PUBLIC_URL: must be scheme, host and port only"),
        ({"RAMAL_PUBLIC_URL": "phone"}, "RAMAL_PUBLIC_URL: must be an address"),
        ({"RAMAL_PORT": "many"}, "RAMAL_PORT: "),
        ({"RAMAL_LIMITS__HANDSETS": "0"}, "RAMAL_LIMITS__HANDSETS: "),
        ({"RAMAL_LIMITS__HANDSET": "1"}, "RAMAL_LIMITS__HANDSET: "),
        ({"RAMAL_MEDIA_ADDRESS": "0.0.0.0"}, "RAMAL_MEDIA_ADDRESS: must be one address"),
        ({"RAMAL_MEDIA_ADDRESS": "host"}, "RAMAL_MEDIA_ADDRESS: "),
        ({"RAMAL_TRUSTED_PROXIES": "10.0.0.0/99"}, "RAMAL_TRUSTED_PROXIES: "),
        ({"RAMAL_MASTER_KEYS": None}, "RAMAL_MASTER_KEYS or RAMAL_MASTER_KEY_FILE: exactly one"),
        ({"RAMAL_MASTER_KEY_FILE": "/k"}, "RAMAL_MASTER_KEYS or RAMAL_MASTER_KEY_FILE: exactly one"),
        ({"RAMAL_SETTINGS": "/nowhere.env"}, "RAMAL_SETTINGS: there is no file"),
    ],
)
def test_what_is_wrong_is_said_by_its_name(change: dict[str, str | None], said: str) -> None:
    variables = {name: value for name, value in {**GOOD, **change}.items() if value is not None}
    with pytest.raises(SettingsError) as refused:
        load(variables)
    assert said in str(refused.value)


def test_every_wrong_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load({"RAMAL_PORT": "x", "RAMAL_LOG_FORMAT": "y"})
    for name in ("RAMAL_PUBLIC_URL", "RAMAL_PORT", "RAMAL_LOG_FORMAT"):
        assert name in str(refused.value)


def test_secrets_are_not_shown() -> None:
    settings = load({**GOOD, "RAMAL_DATABASE_URL": "postgresql+asyncpg://u:hidden@h/d"})
    assert "hidden" not in repr(settings) and KEY not in repr(settings)
    assert settings.database.endswith("hidden@h/d")


def test_nobody_changes_them_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(GOOD).port = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", ["RAMAL_SETTINGS", *names()])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT.read_text(encoding="utf-8")
