"""Both ways of doing SRTP, against pylibsrtp's own sessions."""

import secrets
from collections.abc import Callable

import pytest

from media.srtp import GCM, SHA1_80, Buffer, ByCopy, InPlace, Keys, Profile, Protection, protection

from .peer import rtp, sender_report

Kind = Callable[[Keys, Buffer], Protection]


def keys(profile: Profile) -> tuple[Keys, Keys]:
    one, two = (secrets.token_bytes(profile.key + profile.salt) for _ in range(2))
    return Keys(profile, one, two), Keys(profile, two, one)


def put(buffer: Buffer, data: bytes) -> int:
    buffer.view[: len(data)] = data
    return len(data)


@pytest.mark.parametrize("there", [InPlace, ByCopy])
@pytest.mark.parametrize("here", [InPlace, ByCopy])
@pytest.mark.parametrize("profile", [GCM, SHA1_80], ids=["gcm", "sha1"])
def test_what_one_protects_the_other_reads(here: Kind, there: Kind, profile: Profile) -> None:
    buffer = Buffer()
    ours, theirs = keys(profile)
    sender, receiver = here(ours, buffer), there(theirs, buffer)
    for number in range(65_530, 65_545):  # over the wrap of the sequence number
        size = sender.protect(put(buffer, rtp(number)))
        assert size > len(rtp(number)) and bytes(buffer.view[:size])[12:] != rtp(number)[12:]
        clear = receiver.unprotect(size)
        assert bytes(buffer.view[:clear]) == rtp(number)
    size = sender.protect_rtcp(put(buffer, sender_report()))
    clear = receiver.unprotect_rtcp(size)
    assert bytes(buffer.view[:clear]) == sender_report()


@pytest.mark.parametrize("kind", [InPlace, ByCopy])
def test_what_is_wrong_gives_nothing(kind: Kind) -> None:
    buffer = Buffer()
    ours, theirs = keys(GCM)
    sender, receiver = kind(ours, buffer), kind(theirs, buffer)
    packet = rtp(1)
    size = sender.protect(put(buffer, packet))
    protected = bytes(buffer.view[:size])
    assert receiver.unprotect(put(buffer, protected[:-1] + bytes([protected[-1] ^ 1]))) == 0
    assert receiver.unprotect(put(buffer, protected)) == len(packet)
    assert receiver.unprotect(put(buffer, protected)) == 0  # again
    assert sender.protect(put(buffer, packet)) == 0  # one index is never protected twice
    for size in (1, 4, 11, 1500):
        assert receiver.unprotect(put(buffer, b"\x80" * size)) == 0
        assert receiver.unprotect_rtcp(put(buffer, b"\x80" * size)) == 0
    assert sender.protect_rtcp(put(buffer, b"\x80")) == 0


def test_the_binding_is_used_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    buffer = Buffer()
    assert isinstance(protection(keys(GCM)[0], buffer), InPlace)
    buffer.cdata = None
    assert isinstance(protection(keys(GCM)[0], buffer), ByCopy)
