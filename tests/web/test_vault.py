"""The vault: what was sealed opens only at its own place, with a key of its own."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.settings import SettingsError, load
from web.store.vault import MasterKey, Place, Vault, VaultError, make_key_file, open_vault

from .house import KEY

words = st.text(st.characters(exclude_characters="|", codec="utf-8"), min_size=1, max_size=20)
places = st.builds(Place, account=words, kind=words, owner=words, version=st.integers(1, 1 << 40))
OLD, NEW = MasterKey.generate("old"), MasterKey.generate("new")
PLACE = Place("a", "sip", "l", 1)


@given(st.text(st.characters(codec="utf-8"), max_size=200), places)
def test_what_was_sealed_opens(secret: str, place: Place) -> None:
    vault = Vault((NEW,))
    assert vault.open(vault.seal(secret, place), place) == secret


@given(places, places)
def test_it_opens_at_no_other_place(one: Place, other: Place) -> None:
    vault = Vault((NEW,))
    sealed = vault.seal("s", one)
    if one == other:
        return
    with pytest.raises(VaultError, match="another record"):
        vault.open(sealed, other)


@pytest.mark.parametrize("field", ["account", "kind", "owner"])
def test_each_part_of_the_place_counts(field: str) -> None:
    sealed = Vault((NEW,)).seal("s", PLACE)
    with pytest.raises(VaultError):
        Vault((NEW,)).open(sealed, replace(PLACE, **{field: "x"}))  # type: ignore[arg-type]


def test_an_old_version_does_not_pass_for_a_new_one() -> None:
    with pytest.raises(VaultError):
        Vault((NEW,)).open(Vault((NEW,)).seal("s", PLACE), replace(PLACE, version=2))


@given(st.data())
def test_a_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(Vault((NEW,)).seal("secret", PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(VaultError):
        Vault((NEW,)).open(bytes(sealed), PLACE)


@given(st.binary(max_size=60))
def test_noise_is_no_sealed_secret(noise: bytes) -> None:
    with pytest.raises(VaultError):
        Vault((NEW,)).open(noise, PLACE)


def test_the_same_secret_is_sealed_differently_each_time() -> None:
    vault = Vault((NEW,))
    assert vault.seal("s", PLACE) != vault.seal("s", PLACE)


def test_after_a_new_key_the_old_one_still_opens() -> None:
    sealed = Vault((OLD,)).seal("s", PLACE)
    both = Vault((NEW, OLD))
    assert both.open(sealed, PLACE) == "s"
    assert not both.is_current(sealed)
    assert both.is_current(both.seal("s", PLACE))
    with pytest.raises(VaultError, match="not among those configured"):
        Vault((NEW,)).open(sealed, PLACE)


def test_a_key_is_not_shown() -> None:
    key = MasterKey.parse(KEY)
    assert key.value.hex() not in repr(key) and KEY.partition(":")[2] not in repr(key)
    assert str(key) == KEY


@pytest.mark.parametrize(
    ("text", "said"),
    [("nokey", "id:base64"), ("a:!!", "not base64"), ("a:QUJD", "3 bytes instead of 32"), (":x", "id:")],
)
def test_a_wrong_key_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said) as refused:
        MasterKey.parse(text)
    assert text.partition(":")[2] not in str(refused.value) or not text.partition(":")[2]


@pytest.mark.parametrize("keys", [(), (NEW, NEW)])
def test_a_vault_needs_different_keys(keys: tuple[MasterKey, ...]) -> None:
    with pytest.raises(ValueError, match="master key"):
        Vault(keys)


def settings_with_file(path: Path) -> dict[str, str]:
    return {"RAMAL_PUBLIC_URL": "http://localhost", "RAMAL_MASTER_KEY_FILE": str(path)}


def test_the_key_file_is_private_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "master.key"
    make_key_file(path)
    text = path.read_text()
    make_key_file(path)
    assert path.read_text() == text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    vault = open_vault(load(settings_with_file(path)))
    assert vault.open(vault.seal("s", PLACE), PLACE) == "s"


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    make_key_file(path)
    path.chmod(0o640)
    with pytest.raises(SettingsError, match="RAMAL_MASTER_KEY_FILE: .*can be read by others"):
        open_vault(load(settings_with_file(path)))


def test_a_key_file_that_is_not_there_is_told_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RAMAL_MASTER_KEY_FILE: .*cannot be read"):
        open_vault(load(settings_with_file(tmp_path / "none")))


def test_a_wrong_key_in_the_environment_is_told_by_name() -> None:
    with pytest.raises(SettingsError, match="RAMAL_MASTER_KEYS: the master key 'a' has 3 bytes") as refused:
        open_vault(load({"RAMAL_PUBLIC_URL": "http://localhost", "RAMAL_MASTER_KEYS": "a:QUJD"}))
    assert "QUJD" not in str(refused.value)
