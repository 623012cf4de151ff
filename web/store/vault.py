"""The vault: secrets sealed with AES-256-GCM under a master key that is never in the database.

A sealed secret is ``version byte 1 | length of key id | key id | 12 bytes of nonce | ciphertext and tag``. The
associated data is ``account|kind|owner|version``, so a sealed secret that is moved to another record, or an old one
that is put back under a new version number, does not open.

A master key is written ``id:base64``; the newest comes first and seals, all of them open. NIST SP 800-38D for GCM: a
random 96-bit nonce is good for 2**32 seals under one key, far more than an install makes.
"""

import base64
import binascii
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..settings import Settings, SettingsError

_FORMAT = 1
_NONCE = 12
_KEY = 32


class VaultError(Exception):
    """A sealed secret does not open: unknown key, changed bytes, or another record's."""


@dataclass(frozen=True, slots=True)
class Place:
    """The record that a secret belongs to."""

    account: str
    kind: str
    owner: str
    version: int

    def __bytes__(self) -> bytes:
        return f"{self.account}|{self.kind}|{self.owner}|{self.version}".encode()


@dataclass(frozen=True, slots=True)
class MasterKey:
    id: str
    value: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError with a phrase that does not hold the key."""
        name, colon, encoded = text.strip().partition(":")
        if not colon or not name or len(name.encode()) > 255:
            raise ValueError("a master key is written id:base64")
        try:
            value = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(f"the master key {name!r} is not base64") from None
        if len(value) != _KEY:
            raise ValueError(f"the master key {name!r} has {len(value)} bytes instead of {_KEY}")
        return cls(name, value)

    @classmethod
    def generate(cls, name: str) -> Self:
        return cls(name, secrets.token_bytes(_KEY))

    def __str__(self) -> str:
        return f"{self.id}:{base64.b64encode(self.value).decode()}"


class Vault:
    """Seals with the first key, opens with any."""

    def __init__(self, keys: tuple[MasterKey, ...]) -> None:
        if not keys:
            raise ValueError("a vault needs at least one master key")
        if len({key.id for key in keys}) != len(keys):
            raise ValueError("two master keys have the same id")
        self._newest = keys[0].id
        self._ciphers = {key.id: AESGCM(key.value) for key in keys}

    def seal(self, secret: str, place: Place) -> bytes:
        name = self._newest.encode()
        nonce = secrets.token_bytes(_NONCE)
        box = self._ciphers[self._newest].encrypt(nonce, secret.encode(), bytes(place))
        return bytes((_FORMAT, len(name))) + name + nonce + box

    def open(self, sealed: bytes, place: Place) -> str:
        """Raises `VaultError`."""
        name, rest = _split(sealed)
        cipher = self._ciphers.get(name)
        if cipher is None:
            raise VaultError(f"the master key {name!r} of this secret is not among those configured")
        try:
            return cipher.decrypt(rest[:_NONCE], rest[_NONCE:], bytes(place)).decode()
        except InvalidTag:
            raise VaultError("the sealed secret was changed or belongs to another record") from None

    def is_current(self, sealed: bytes) -> bool:
        """False where it should be sealed again with the newest key. Raises `VaultError`."""
        return _split(sealed)[0] == self._newest


def _split(sealed: bytes) -> tuple[str, bytes]:
    if len(sealed) < 2 or sealed[0] != _FORMAT or len(sealed) < 2 + sealed[1] + _NONCE:
        raise VaultError("this is not a sealed secret")
    end = 2 + sealed[1]
    try:
        return sealed[2:end].decode(), sealed[end:]
    except UnicodeDecodeError:
        raise VaultError("this is not a sealed secret") from None


def open_vault(settings: Settings) -> Vault:
    """The vault of an install. Raises `SettingsError` by the name of the setting."""
    if settings.master_keys is not None:
        return _vault("RAMAL_MASTER_KEYS", settings.master_keys.get_secret_value().split(","))
    assert settings.master_key_file is not None
    return _vault("RAMAL_MASTER_KEY_FILE", _lines(settings.master_key_file))


def _lines(path: Path) -> list[str]:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"RAMAL_MASTER_KEY_FILE: {path} cannot be read: {error}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsError(f"RAMAL_MASTER_KEY_FILE: {path} can be read by others; chmod 600 it")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _vault(setting: str, texts: list[str]) -> Vault:
    try:
        return Vault(tuple(MasterKey.parse(text) for text in texts))
    except ValueError as error:
        raise SettingsError(f"{setting}: {error}") from None


def make_key_file(path: Path) -> None:
    """A new key file of mode 0600, unless there is one. Only the demo makes its own key."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "x", encoding="ascii", opener=_private) as file:
        file.write(f"{MasterKey.generate('k1')}\n")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
