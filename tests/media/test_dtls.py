"""Two ends of a handshake without a network, and everything that may go wrong between them."""

import time

import pytest
from OpenSSL import SSL

from media import dtls
from media.dtls import Handshake, Identity, Role, State, digest
from media.sdp import Fingerprint
from media.srtp import GCM, PROFILES, SHA1_80


def fingerprints(identity: Identity, algorithm: str = "sha-256") -> list[Fingerprint]:
    return [Fingerprint(algorithm, digest(identity.certificate, algorithm))]


def pair() -> tuple[Handshake, Handshake]:
    here, there = Identity(), Identity()
    return Handshake(here, Role.CLIENT, fingerprints(there)), Handshake(there, Role.SERVER, fingerprints(here))


def exchange(client: Handshake, server: Handshake, rounds: int = 6) -> None:
    for _ in range(rounds):
        for datagram in client.flights():
            assert len(datagram) <= 1200
            server.receive(datagram)
        for datagram in server.flights():
            client.receive(datagram)


def test_both_ends_have_the_same_keys() -> None:
    client, server = pair()
    client.start()
    server.start()
    assert client.wait() is not None
    exchange(client, server)
    assert client.state is server.state is State.CONNECTED
    assert client.keys is not None and server.keys is not None
    assert client.keys.profile is GCM
    assert (client.keys.send, client.keys.receive) == (server.keys.receive, server.keys.send)
    assert client.keys.send != client.keys.receive and client.wait() is None


@pytest.mark.parametrize("profile", [GCM, SHA1_80], ids=lambda profile: profile.name.decode())
def test_a_peer_with_one_profile_gets_it(profile: object) -> None:
    here, there = Identity(), Identity()
    there.context.set_tlsext_use_srtp(profile.name)  # type: ignore[attr-defined]
    client = Handshake(here, Role.CLIENT, fingerprints(there))
    server = Handshake(there, Role.SERVER, fingerprints(here))
    client.start()
    exchange(client, server)
    assert client.keys is not None and client.keys.profile is profile


def test_a_peer_without_srtp_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    client, server = pair()
    client.start()
    monkeypatch.setattr(dtls, "PROFILES", {})
    exchange(client, server)
    assert client.state is State.FAILED and "SRTP" in client.why and client.keys is None


@pytest.mark.parametrize("role", [Role.CLIENT, Role.SERVER])
def test_a_certificate_that_was_not_announced_fails(role: Role) -> None:
    here, there = Identity(), Identity()
    wrong = fingerprints(Identity())
    client = Handshake(here, Role.CLIENT, wrong if role is Role.CLIENT else fingerprints(there))
    server = Handshake(there, Role.SERVER, wrong if role is Role.SERVER else fingerprints(here))
    client.start()
    exchange(client, server)
    failed = client if role is Role.CLIENT else server
    assert failed.state is State.FAILED and failed.keys is None and "not the one" in failed.why
    failed.receive(b"\x16" * 20)
    assert failed.wait() is None


def test_one_of_several_fingerprints_is_enough() -> None:
    here, there = Identity(), Identity()
    several = [*fingerprints(Identity()), *fingerprints(there, "sha-512")]
    client = Handshake(here, Role.CLIENT, several)
    server = Handshake(there, Role.SERVER, fingerprints(here))
    client.start()
    exchange(client, server)
    assert client.state is State.CONNECTED


def test_a_lost_last_flight_is_sent_again() -> None:
    client, server = pair()
    client.start()
    for datagram in client.flights():
        server.receive(datagram)
    for datagram in server.flights():
        client.receive(datagram)
    for datagram in client.flights():
        server.receive(datagram)
    assert server.state is State.CONNECTED and server.flights()  # lost
    for _ in range(500):
        if not client.wait():
            break
        time.sleep(0.01)  # until the client's timer is due
    client.timeout()
    exchange(client, server)
    assert client.state is State.CONNECTED


def test_rubbish_and_plaintext_alerts_change_nothing() -> None:
    client, server = pair()
    client.start()
    for rubbish in (
        b"",
        b"\x16",
        b"\x15\xfe\xfd" + bytes(6) + b"\x00\x00\x00\x02\x02\x28",
        b"\x17\xfe\xfd" + bytes(40),
    ):
        server.receive(rubbish)
        client.receive(rubbish)
    exchange(client, server)
    assert client.state is server.state is State.CONNECTED


def test_a_handshake_message_that_makes_no_sense_fails_without_an_error() -> None:
    client, server = pair()
    client.start()
    (hello,) = client.flights()
    server.receive(hello[:13] + b"\x02" + hello[14:])  # a ServerHello where a ClientHello must be
    assert server.state is State.FAILED and server.why


def test_a_close_of_the_peer_is_seen() -> None:
    client, server = pair()
    client.start()
    exchange(client, server)
    client._connection.shutdown()
    exchange(client, server)
    assert server.state is State.CLOSED
    server.receive(b"\x17" * 20)


def test_the_timer_repeats_the_flight() -> None:
    client, _ = pair()
    client.start()
    assert client.flights()
    assert not client.flights()
    client.timeout()  # not due yet: nothing
    assert client.state is State.HANDSHAKE


def test_a_timer_that_ran_too_often_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone:
        def DTLSv1_handle_timeout(self) -> None:
            raise SSL.Error

        def bio_write(self, _: bytes) -> None:
            raise SSL.Error

    client, _ = pair()
    monkeypatch.setattr(client, "_connection", Gone())
    client.receive(b"\x16" * 20)
    before = client.state
    client.timeout()
    assert (before, client.state) == (State.HANDSHAKE, State.FAILED)


def test_long_flights_are_split_at_records() -> None:
    record = b"\x16\xfe\xfd" + bytes(8) + (600).to_bytes(2) + bytes(600)
    assert [len(part) for part in dtls._datagrams(record * 3)] == [613, 613, 613]
    assert [len(part) for part in dtls._datagrams(record)] == [613]
    small = b"\x16\xfe\xfd" + bytes(8) + (100).to_bytes(2) + bytes(100)
    assert [len(part) for part in dtls._datagrams(small * 12)] == [1130, 226]
    assert dtls._datagrams(b"") == []


def test_the_profiles_are_offered_in_order() -> None:
    assert list(PROFILES.values()) == [GCM, SHA1_80]
