"""Digest authentication: the RFCs' own examples, the choice of a challenge, and what a server checks."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.digest import (
    Algorithm,
    Authorization,
    Challenge,
    Credentials,
    answer,
    authorize,
    choose,
    may_answer,
    may_lack_qop,
    verify,
)
from signaling.errors import MalformedChallenge
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.ports import Profile
from signaling.uri import NameAddr, Uri

from .strategies import texts

MUFASA = Credentials("Mufasa", "Circle Of Life")
RFC_2617 = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
RFC_2617 += 'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
RFC_7616 = Challenge(
    "http-auth@example.org",
    "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
    Algorithm.SHA_256,
    ("auth", "auth-int"),
    "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
)
ANA = Credentials("1001", "s3nha")
SIP = Uri.parse("sip:600@pbx.example")


def request(method: str) -> Request:
    return Request.build(
        method,
        SIP,
        via=Via.build("WSS", "ramal.invalid", "1"),
        from_=NameAddr(SIP).with_tag("f"),
        to=NameAddr(SIP),
        call_id="c",
        cseq=1,
    )


def challenged(method: str, status: int, *values: str) -> Response:
    header = "Proxy-Authenticate" if status == 407 else "WWW-Authenticate"
    return request(method).reply(status, headers=[(header, value) for value in values])


def signature(challenge: Challenge, cnonce: str, nc: int = 1, credentials: Credentials = MUFASA) -> str:
    return answer(challenge, credentials, "GET", "/dir/index.html", cnonce=cnonce, nc=nc).response


def test_the_example_of_rfc_2617() -> None:
    assert signature(Challenge.parse(RFC_2617 + ', qop="auth,auth-int"'), "0a4f113b") == (
        "6629fae49393a05397450978507c4ef1"
    )


def test_without_qop_as_in_rfc_2069() -> None:
    assert signature(Challenge.parse(RFC_2617), "unused") == "670fd8c2df070c60b045671b8b24ff02"


def test_the_examples_of_rfc_7616() -> None:
    cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    mufasa = Credentials("Mufasa", "Circle of Life")
    assert signature(RFC_7616, cnonce, 1, mufasa) == "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    assert (
        signature(replace(RFC_7616, algorithm=Algorithm.MD5), cnonce, 1, mufasa) == "8ca523f5e9506fed4657c9700eebdbec"
    )


def test_session_keys_are_bound_to_the_nonces() -> None:
    """Computed by hand with md5sum and sha256sum."""
    md5 = replace(RFC_7616, algorithm=Algorithm.MD5_SESS, nonce="n")
    assert signature(md5, "c") == "7a5cfe0b76ac6c450f7cfe8a71e424d2"
    assert (
        signature(replace(md5, algorithm=Algorithm.SHA_256_SESS), "c")
        == "569b2cf0b13852ef3564bd4983adfc9c50fd4eed2dd9becd08b00ed3dac4ddd0"
    )
    assert signature(md5, "d") != signature(md5, "c")
    assert signature(md5, "c", 2) != signature(md5, "c")


def test_a_challenge_is_read() -> None:
    found = Challenge.parse(
        'digest Realm="a \\"b\\"" ,nonce=n/1=, algorithm=sha-256,qop=auth,stale=TRUE,x="y"', proxy=True
    )
    assert found == Challenge('a "b"', "n/1=", Algorithm.SHA_256, ("auth",), None, True, True)
    assert (found.header, found.answer_header) == ("Proxy-Authenticate", "Proxy-Authorization")
    assert (RFC_7616.header, RFC_7616.answer_header) == ("WWW-Authenticate", "Authorization")


@pytest.mark.parametrize(
    ("value", "phrase"),
    [
        ("", "scheme"),
        ('Basic realm="a"', "scheme"),
        ("NoOneKnowsThisScheme opaque-data=here", "scheme"),
        ("Digest", "malformed"),
        ('Digest realm="a", nonce="b" c', "malformed"),
        ('Digest realm="a", nonce="b",', "malformed"),
        ('Digest realm="a", realm="b", nonce="c"', "malformed"),
        ('Digest realm="a', "malformed"),
        ('Digest realm="a"', "nonce is missing"),
        ('Digest nonce="a"', "realm is missing"),
        ('Digest realm="a", nonce="b", algorithm=SHA-512-256', "algorithm"),
    ],
)
def test_a_malformed_challenge_is_refused(value: str, phrase: str) -> None:
    with pytest.raises(MalformedChallenge, match=phrase):
        Challenge.parse(value)


challenges = st.builds(
    Challenge,
    texts,
    texts,
    st.none() | st.sampled_from(Algorithm),
    st.sampled_from(((), ("auth",), ("auth", "auth-int"))),
    st.none() | texts,
    st.booleans(),
)


@given(challenges)
def test_a_challenge_makes_the_round_trip(challenge: Challenge) -> None:
    assert Challenge.parse(str(challenge)) == challenge


def test_a_challenge_is_written() -> None:
    assert str(Challenge("r", "n", Algorithm.SHA_256, ("auth", "auth-int"), "o", True)) == (
        'Digest realm="r", nonce="n", opaque="o", algorithm=SHA-256, qop="auth,auth-int", stale=true'
    )


def is_session(challenge: Challenge) -> bool:
    return challenge.algorithm in (Algorithm.MD5_SESS, Algorithm.SHA_256_SESS)


@given(
    challenges.filter(lambda it: bool(it.qop) or not is_session(it)), texts, texts, texts, st.integers(1, 0xFFFFFFFF)
)
def test_what_is_signed_is_verified(challenge: Challenge, user: str, password: str, cnonce: str, nc: int) -> None:
    credentials = Credentials(user, password)
    given_ = Authorization.parse(str(answer(challenge, credentials, "BYE", "sip:a", cnonce=cnonce, nc=nc)))
    assert verify(given_, challenge, credentials, "BYE")
    assert not verify(given_, challenge, Credentials(user, password + "x"), "BYE")
    assert not verify(given_, challenge, credentials, "INVITE")


def test_an_answer_to_another_challenge_is_no_answer() -> None:
    challenge = Challenge("r", "n", Algorithm.SHA_256, ("auth",), "o")
    good = answer(challenge, ANA, "REGISTER", "sip:pbx.example", cnonce="c")
    assert verify(good, challenge, ANA, "REGISTER")
    assert verify(replace(good, response=good.response.upper()), challenge, ANA, "REGISTER")
    for other in (
        replace(challenge, realm="x"),
        replace(challenge, nonce="x"),
        replace(challenge, opaque=None),
        replace(challenge, algorithm=None),
        replace(challenge, qop=()),
    ):
        assert not verify(good, other, ANA, "REGISTER")
    for changed in (
        replace(good, username="x"),
        replace(good, uri="sip:x"),
        replace(good, response="é"),
        replace(good, cnonce="x"),
        replace(good, nc=2),
    ):
        assert not verify(changed, challenge, ANA, "REGISTER")


def test_md5_may_be_named_or_not() -> None:
    challenge = Challenge("r", "n", None, ("auth",))
    given_ = answer(challenge, ANA, "A", "sip:a", cnonce="c")
    assert verify(replace(given_, algorithm=Algorithm.MD5), challenge, ANA, "A")


def test_an_answer_reads_as_pbxs_expect_it() -> None:
    challenge = Challenge("asterisk", "n", Algorithm.MD5, ("auth",), "o")
    name, value = authorize(request("INVITE"), challenge, ANA, cnonce="c", nc=10)
    assert name == "Authorization"
    assert value.startswith(
        'Digest username="1001", realm="asterisk", nonce="n", uri="sip:600@pbx.example", response="'
    )
    assert value.endswith('", algorithm=MD5, qop=auth, cnonce="c", nc=0000000a, opaque="o"')
    assert authorize(request("INVITE"), replace(challenge, proxy=True), ANA, cnonce="c")[0] == "Proxy-Authorization"
    plain = str(answer(Challenge("r", "n"), ANA, "A", "sip:a", cnonce="c"))
    assert "qop" not in plain and "cnonce" not in plain and "algorithm" not in plain


def test_the_secret_is_not_shown() -> None:
    assert "s3nha" not in repr(ANA)


@pytest.mark.parametrize(
    ("tail", "phrase"),
    [
        (", qop=auth", "belong together"),
        (', cnonce="c", nc=00000001', "belong together"),
        (', qop=auth, cnonce="c", nc=1', "eight hexadecimal"),
        (', qop=auth, cnonce="c", nc=0000000g', "eight hexadecimal"),
        (", algorithm=X", "algorithm"),
    ],
)
def test_malformed_credentials_are_refused(tail: str, phrase: str) -> None:
    value = 'Digest username="u", realm="r", nonce="n", uri="sip:a", response="x"'
    assert Authorization.parse(value).username == "u"
    with pytest.raises(MalformedChallenge, match=phrase):
        Authorization.parse(value + tail)
    with pytest.raises(MalformedChallenge, match="username is missing"):
        Authorization.parse('Digest realm="r"')


def test_what_cannot_be_answered_is_not() -> None:
    with pytest.raises(ValueError, match="only auth"):
        answer(Challenge("r", "n", qop=("auth-int",)), ANA, "A", "sip:a", cnonce="c")
    with pytest.raises(ValueError, match="needs a qop"):
        answer(Challenge("r", "n", Algorithm.MD5_SESS), ANA, "A", "sip:a", cnonce="c")


A, F, K, S, U = Profile.ASTERISK, Profile.FREESWITCH, Profile.KAMAILIO, Profile.OPENSIPS, Profile.UNKNOWN


@pytest.mark.parametrize(
    ("method", "status", "profiles"),
    [
        ("REGISTER", 401, {A, F, K, S, U}),
        ("REGISTER", 407, {F}),
        ("INVITE", 401, {A, F}),
        ("INVITE", 407, {F, K, S, U}),
        ("BYE", 401, {A, F}),
        ("INVITE", 403, set()),
    ],
)
def test_which_challenges_may_be_answered(method: str, status: int, profiles: set[Profile]) -> None:
    assert {profile for profile in Profile if may_answer(profile, status, method)} == profiles
    value = str(Challenge("r", "n", None, ("auth",)))
    assert {it for it in Profile if choose(challenged(method, status, value), it)} == profiles


def test_where_qop_may_be_missing() -> None:
    assert {profile for profile in Profile if may_lack_qop(profile, "INVITE")} == {A, F, K, S}
    assert all(may_lack_qop(profile, "REGISTER") for profile in Profile)
    value = str(Challenge("r", "n"))
    assert choose(challenged("INVITE", 407, value), U) is None
    assert choose(challenged("REGISTER", 401, value), U) == Challenge("r", "n")


def test_the_strongest_challenge_is_chosen() -> None:
    values = [
        'Digest realm="r", nonce="1"',
        'Digest realm="r", nonce="2", algorithm=MD5, qop="auth"',
        'Digest realm="r", nonce="3", algorithm=SHA-256, qop="auth"',
        'Digest realm="r", nonce="4", algorithm=SHA-512-256, qop="auth"',
        'Digest realm="r", nonce="5", algorithm=SHA-256-sess, qop="auth-int"',
        'Digest realm="r", nonce="6", algorithm=SHA-256-sess',
        'Digest realm="other", nonce="7", algorithm=SHA-256-sess, qop="auth"',
        "Bearer x",
    ]

    def chosen(*found: str, realm: str | None = "r") -> str | None:
        challenge = choose(challenged("REGISTER", 401, *found), A, realm=realm)
        return challenge.nonce if challenge else None

    assert chosen(*values) == chosen(*values[::-1]) == "3"
    assert chosen(*values[:2]) == chosen(*values[:2][::-1]) == "2"
    assert chosen(*values[3:]) is None
    assert chosen(*values, realm=None) == "7"
    assert chosen() is None


def test_a_proxy_challenge_is_answered_to_the_proxy() -> None:
    challenge = choose(challenged("INVITE", 407, 'Digest realm="r", nonce="n", qop="auth"'), K)
    assert challenge is not None and challenge.answer_header == "Proxy-Authorization"
