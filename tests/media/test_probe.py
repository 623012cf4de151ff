"""What can be said of an address without asking anybody."""

import socket

import pytest

from media import probe


def test_loopback_reaches_only_this_machine() -> None:
    found = probe.reachable("127.0.0.1")
    assert found.local and found.loopback and found.bindable and not found.ok and found.bound == "127.0.0.1"


def test_an_address_of_others_is_the_outside_of_nat() -> None:
    found = probe.reachable("203.0.113.9")
    assert not found.local and not found.loopback and found.bindable and found.bound == probe.default_address()
    assert probe.addresses("203.0.113.9") == ((probe.default_address(),), ("203.0.113.9",))


def test_own_addresses_are_bound_themselves() -> None:
    own = probe.default_address()
    assert probe.can_bind(own)
    assert probe.addresses(None) == ((own,), (own,)) == probe.addresses(own)
    assert probe.addresses("127.0.0.1") == (("127.0.0.1",), ("127.0.0.1",))


@pytest.mark.parametrize("wrong", ["0.0.0.0", "::", "pbx.example.com", ""])
def test_what_is_no_address_of_a_host(wrong: str) -> None:
    with pytest.raises(ValueError):
        probe.reachable(wrong)


def test_without_a_route_a_name_or_loopback_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "_ANYWHERE", (("not an address", socket.AF_INET),))
    monkeypatch.setattr(socket, "gethostname", lambda: "127.0.0.1")
    assert probe.default_address() == "127.0.0.1"
    monkeypatch.setattr(socket, "gethostname", lambda: "no.such.host.invalid.")
    assert probe.default_address() == "127.0.0.1"
    monkeypatch.setattr(probe, "_ANYWHERE", (("127.0.0.1", socket.AF_INET),))
    assert probe.default_address() == "127.0.0.1"
