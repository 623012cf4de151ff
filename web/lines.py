"""What the gateway and the pages must know of a line, built from the store and the vault."""

from dataclasses import dataclass

from signaling.dial_rules import DialRules
from signaling.ports import LineConfig, Profile, Secret

from . import dial_rules
from .log import logger
from .store import Store
from .store.lines import LineRow
from .store.scope import Role
from .store.secrets import SIP
from .store.vault import VaultError

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as people know it: whose it is, and its recording policy. ``anchored``: audio passes by this server."""

    id: str
    account: str
    number: str
    name: str
    user: str | None
    user_name: str | None
    record: bool
    anchored: bool

    @classmethod
    def of(cls, row: LineRow) -> "LineFacts":
        return cls(
            id=row.line.id,
            account=row.line.account,
            number=row.line.number,
            name=row.line.name,
            user=row.line.user,
            user_name=None if row.user is None else row.user.name,
            record=row.record,
            anchored=row.account.engine != "none",
        )


class Lines:
    """Makes the `LineConfig` of a line and remembers the facts of every line that was ever asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._facts: dict[str, LineFacts] = {}

    def facts(self, line: str) -> LineFacts | None:
        """Without waiting: for the journal. The gateway knows only lines whose `config` was made here."""
        return self._facts.get(line)

    async def config(self, row: LineRow) -> LineConfig:
        """A line without a secret, or with one that does not open, has an empty one: the PBX refuses it, and both the
        agent and the administrator are told.
        """
        self._facts[row.line.id] = LineFacts.of(row)
        account, line = row.account, row.line
        return LineConfig(
            line=line.id,
            account=account.id,
            number=line.number,
            name=line.name,
            url=line.pbx_url or account.pbx_url,
            domain=line.pbx_domain or account.pbx_domain,
            user=line.sip_user,
            auth_user=line.auth_user,
            secret=await self._secret(account.id, line.id),
            profile=Profile(account.pbx_profile),
            ca=account.pbx_ca,
            record=row.record,
            anchored=account.engine != "none",
            dial=_dial_rules(row),
        )

    async def _secret(self, account: str, line: str) -> Secret:
        try:
            opened = await self._store.secrets.get(account=account, kind=SIP, owner=line)
        except VaultError as error:
            log.error("the secret of a line does not open", line=line, why=str(error))
            return Secret("", 0)
        if opened is None:
            log.warning("a line has no secret", line=line)
            return Secret("", 0)
        return Secret(opened.value, opened.version)


def _dial_rules(row: LineRow) -> DialRules:
    """Rules that cannot be read forbid everything but emergency numbers, rather than nothing."""
    try:
        rules = dial_rules.stored(row.account.dial_rules)
    except dial_rules.BadDialRules as error:
        log.error("the dial rules of an account cannot be read", account=row.account.id, why=str(error))
        return DialRules(forbidden=("*",))
    return rules.of(None if row.user is None else Role(row.user.role), row.account.country)
