"""Which numbers a line may dial: pure and in linear time. An administrator writes patterns, never regular expressions.

A pattern is made of the characters that can be dialled; ``?`` stands for any one of them, a ``*`` at the end for any
rest, also none. A ``*`` elsewhere is the key of that name. ``0900*``, ``00*``, ``55119????????``, ``*72?*``, ``*``.

A number is judged in every form in which a PBX may understand it (`forms`): a pattern for one of them is enough.
"""

import re
from dataclasses import dataclass

ALWAYS = ("190", "192", "193", "112", "911")  # police, ambulance, fire brigade; the numbers of mobile networks
PATTERN = re.compile(r"[0-9A-Za-z#+._*?\-]{1,64}")
PREMIUM_ABROAD = (
    "+979*",  # ITU-T E.169.2: international premium rate
    "+1900*",  # NANP: 900 services
    "+449*",  # United Kingdom: 09, Ofcom's National Telephone Numbering Plan
    "+3389*",  # France: 089
    "+34803*",  # Spain: 803, 806, 807
    "+34806*",
    "+34807*",
    "+49900*",  # Germany: 0900
    "+870*",  # satellite networks, and networks without a country (ITU-T E.164): priced like premium numbers
    "+881*",
    "+882*",
    "+883*",
)
# The caller pays more than the call. 0300 is charged like a call within Brazil and 0800 not at all: they are none.
PREMIUM = {"BR": ("0900??????*", "0500??????*")}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a country dials (ITU-T E.164 and E.123): its code, what stands before a national and before an international
    number, and how many digits of a carrier follow either prefix where the caller may choose one."""

    code: str
    trunk: str
    international: str = "00"
    carrier: int = 0


PLANS = {
    "AR": Plan("54", "0"),
    "BR": Plan("55", "0", carrier=2),
    "CL": Plan("56", ""),
    "ES": Plan("34", ""),
    "MX": Plan("52", ""),
    "PT": Plan("351", ""),
    "US": Plan("1", "1", "011"),
}
_ANYWHERE = Plan("", "")


@dataclass(frozen=True, slots=True)
class DialRules:
    """The rules of one account for one role. An empty ``allowed`` allows every number; ``premium`` are the numbers that
    would be refused as premium ones and may be dialled all the same; ``emergency`` is added to `ALWAYS`; ``outside`` is
    what is dialled for an outside line. ``calls`` (at once) and ``per_minute`` (INVITEs) are None where only the
    gateway's own limit holds.
    """

    allowed: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    premium: tuple[str, ...] = ()
    emergency: tuple[str, ...] = ()
    country: str = "BR"
    outside: str = ""
    calls: int | None = None
    per_minute: int | None = None

    def is_emergency(self, number: str) -> bool:
        """Never refused by a rule or a rate."""
        bare = _without_separators(number)
        known = (*ALWAYS, *self.emergency)
        return bare in known or (self.outside != "" and bare.removeprefix(self.outside) in known)

    def refusal(self, number: str) -> str | None:
        """Why ``number`` may not be dialled: ``forbidden``, ``premium``, ``not_allowed``; None where it may."""
        if self.is_emergency(number):
            return None
        known = forms(number, self.country, self.outside)
        if _any(self.forbidden, known):
            return "forbidden"
        if _any((*PREMIUM.get(self.country, ()), *PREMIUM_ABROAD), known) and not _any(self.premium, known):
            return "premium"
        return None if not self.allowed or _any(self.allowed, known) else "not_allowed"


def matches(pattern: str, number: str) -> bool:
    """See above for the language."""
    if pattern.endswith("*"):
        pattern = pattern[:-1]
        if len(number) < len(pattern):
            return False
    elif len(number) != len(pattern):
        return False
    return all(wanted in ("?", got) for wanted, got in zip(pattern, number, strict=False))


def forms(number: str, country: str, outside: str = "") -> tuple[str, ...]:
    """``number`` as dialled, and what it can mean: without separators, without the prefix for an outside line, in
    the international form (``+``) and the national one, with and without the digits that choose a carrier.
    """
    plan = PLANS.get(country, _ANYWHERE)
    found = dict.fromkeys([number, _without_separators(number)])
    if outside:
        found |= dict.fromkeys([form.removeprefix(outside) for form in found])
    for form in tuple(found):
        found |= dict.fromkeys(_meanings(form, plan))
    return tuple(form for form in found if form)


def _meanings(form: str, plan: Plan) -> list[str]:
    meanings = []
    if form.startswith("+"):
        meanings.append(form)
    elif form.startswith(plan.international):
        rest = form.removeprefix(plan.international)
        meanings.append("+" + rest)
        if plan.carrier:
            meanings.append("+" + rest[plan.carrier :])
    elif plan.carrier and form.startswith(plan.trunk) and len(form) > 12:
        meanings.append(plan.trunk + form[len(plan.trunk) + plan.carrier :])
    elif plan.code and form.startswith(plan.code) and len(form) > 11:
        meanings.append("+" + form)  # the international form without its plus
    return meanings + [plan.trunk + it[1 + len(plan.code) :] for it in meanings if _is_of(it, plan)]


def _is_of(form: str, plan: Plan) -> bool:
    return plan.code != "" and form.startswith("+" + plan.code)


def _without_separators(number: str) -> str:
    """RFC 3966's visual separators, as far as they can be dialled; names keep theirs."""
    return number if any(it.isalpha() for it in number) else re.sub(r"[-._]", "", number)


def _any(patterns: tuple[str, ...], known: tuple[str, ...]) -> bool:
    return any(matches(pattern, form) for pattern in patterns for form in known)
