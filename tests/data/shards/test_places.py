"""What is told of a place holds no secret, whatever characters a secret has."""

from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.shards.places import shown, without_secrets

SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=12, max_size=40).map(
    lambda text: f"S3CRET{text}S3CRET"
)


SHOWN = {
    "s3://AKIAKEY:SECRETKEY@bucket/x": "s3://bucket/x", "s3://AKIAKEY:SEC/RET@bucket/x": "s3://bucket/x",
    "s3:/KEY:SECRET@b": "s3:/b", "memory://u:PW@b?sig=SIG": "memory://b", "s3://key:se?cret@bucket": "s3://…",
    "s3://key:secret@bucket/a b?token=abc": "s3://bucket/a b", "/home/ann@work/scratch": "/home/ann@work/scratch",
    "simplecache::s3://key:secret@bucket/a": "simplecache::s3://bucket/a", "x://[::1": "x://[::1",
}  # fmt: skip


def test_a_place_is_told_without_its_secrets():
    """A folder is told as it is."""
    assert {place: shown(place) for place in SHOWN} == SHOWN


@given(SECRETS, st.sampled_from(["s3://{}@bucket/x", "s3://ann:{}@b", "s3:/{}@b", "az://b/x?sig={}", "m://u:p@b?a={}"]))
def test_no_secret_is_told_whatever_it_is(secret, form):
    """Neither of the place itself nor of what a library says of it."""
    place = form.format(secret)
    assert "S3CRET" not in shown(place)
    assert "S3CRET" not in without_secrets(f"Invalid bucket name {place!r} ({place})", place)


def test_what_a_library_says_loses_secrets_too(monkeypatch):
    """Those of the environment, of addresses, and of the place where they stand without it."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-value")
    told = without_secrets("got s3cr3t-value from https://ann:pass@host/a?X-Amz-Signature=123 today")
    assert "got … from https://…@host/a?… today" == told
    assert "no bucket …@b" == without_secrets("no bucket AKIA:PA SS@b", "s3://AKIA:PA%20SS@b")
