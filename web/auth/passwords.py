"""Passwords: argon2id with the second recommendation of RFC 9106 section 4 (64 MiB, 3 passes, 4 lanes)."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

LEAST = 10  # characters
MOST = 128
_AT_ONCE = 2  # each takes 64 MiB


class WeakPassword(ValueError):
    """The new password is too short, too long or the log-in name."""


class Passwords:
    """Hashes and verifies in threads, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def prepare(self) -> None:
        """Makes the hash that is verified for users that do not exist, so that the first of them is not slower."""
        self._nobody = await self.hash("nobody has this password")

    async def verify(self, hashed: str | None, password: str) -> bool:
        """Whether it fits; for a user that does not exist (None) it takes as long, and is False."""
        if hashed is None:
            if self._nobody is None:
                await self.prepare()
            hashed, exists = self._nobody or "", False
        else:
            exists = True
        async with self._turns:
            return await asyncio.to_thread(self._verify, hashed, password) and exists

    def is_stale(self, hashed: str) -> bool:
        """Whether it was made with other parameters and should be made again."""
        return self._hasher.check_needs_rehash(hashed)

    def _verify(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password)
        except (VerificationError, InvalidHashError):
            return False


def check_strength(password: str, *, login: str) -> None:
    """Raises `WeakPassword`. Length is what counts: NIST SP 800-63B section 5.1.1."""
    if not LEAST <= len(password) <= MOST:
        raise WeakPassword(f"a password has {LEAST} to {MOST} characters")
    if password.casefold() == login.casefold() or len(set(password)) < 4:
        raise WeakPassword("this password is too easy to guess")
