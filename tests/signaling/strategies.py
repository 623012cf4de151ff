"""Hypothesis strategies for SIP values: all of them are what RFC 3261 allows."""

from hypothesis import strategies as st

from signaling.fields import CSeq, MediaType, Reason, Via, Warning
from signaling.headers import Headers
from signaling.message import Request, Response
from signaling.parameters import Parameters
from signaling.uri import NameAddr, Uri

tokens = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=12)
hosts = st.one_of(
    st.from_regex(r"[a-z0-9_][a-z0-9.\-]{0,12}", fullmatch=True),
    st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda address: f"[{address}]"),
)
ports = st.none() | st.integers(1, 65535)
# What a person can write: no line break, no lone surrogate; everything else, control characters too.
texts = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
visible = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
users = st.from_regex(r"(?:[A-Za-z0-9\-_.!~*'()&=+$,;?/]|%[0-9A-Fa-f]{2}){1,16}", fullmatch=True)


@st.composite
def parameters(draw: st.DrawFn, *, quoted: bool = True) -> Parameters:
    found = Parameters()
    for name in draw(st.lists(tokens, max_size=4, unique_by=str.lower)):
        found = found.set(name, draw(st.none() | (tokens | texts if quoted else tokens)))
    return found


uri_headers = st.lists(st.tuples(tokens.filter(lambda t: not set(t) & set("`%")), st.just("a%20b")), max_size=2)
uris = st.builds(
    Uri,
    st.sampled_from(("sip", "sips")),
    st.none() | users,
    hosts,
    ports,
    parameters(quoted=False),
    uri_headers.map(tuple),
)
bare_uris = uris.map(Uri.bare)
tel_uris = st.builds(
    lambda number, items: Uri("tel", number, "", parameters=items),
    st.from_regex(r"\+?[0-9.()\-]{1,15}", fullmatch=True),
    parameters(quoted=False),
)
name_addrs = st.builds(NameAddr, uris | tel_uris, st.none() | texts, parameters())
vias = st.builds(
    Via,
    st.sampled_from(("WS", "WSS", "UDP", "TLS-SCTP")),
    hosts,
    ports,
    parameters().filter(lambda items: "branch" not in items).map(lambda items: items.set("branch", "z9hG4bKx")),
)
cseqs = st.builds(CSeq, st.integers(0, 2**31 - 1), tokens)
media_types = st.builds(MediaType, tokens, tokens, parameters())
reasons = st.builds(Reason, tokens, st.none() | st.integers(0, 999), st.none() | texts)
warnings = st.builds(Warning, st.integers(0, 999), hosts, texts)
extra_headers = st.lists(
    st.tuples(tokens.map(lambda t: "X-" + t), visible.filter(lambda v: "\\" not in v).map(str.strip)), max_size=4
)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    method = draw(st.sampled_from(("INVITE", "OPTIONS", "BYE", "REGISTER", "MESSAGE", "X-new")))
    return Request.build(
        method,
        draw(bare_uris),
        via=draw(vias),
        from_=draw(name_addrs).with_tag("a"),
        to=draw(name_addrs),
        call_id=draw(tokens),
        cseq=draw(st.integers(0, 2**31 - 1)),
        contact=draw(name_addrs) if method == "INVITE" else None,
        routes=draw(st.lists(name_addrs, max_size=2)),
        headers=draw(extra_headers),
        body=(body := draw(st.binary(max_size=60))),
        content_type="application/sdp" if body else None,
        max_forwards=draw(st.integers(0, 255)),
    )


@st.composite
def responses(draw: st.DrawFn) -> Response:
    return draw(requests()).reply(
        draw(st.integers(100, 699)),
        draw(st.none() | visible),
        to_tag=draw(st.none() | tokens),
        headers=draw(extra_headers),
        body=draw(st.binary(max_size=60)),
    )


messages = requests() | responses()
headers = extra_headers.map(Headers)
