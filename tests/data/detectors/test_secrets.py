"""Secrets: keys and passwords are found, stand-ins and code are not."""

import base64
import re
import time

import pytest

from tunecase import catalog
from tunecase.data.detectors import secrets
from tunecase.data.detectors.private import masked

RANDOM = "q7Rw2ZkV9mXc4TbN8sLdJ3hFpGyA6eUo5iQvB1KM"  # made up; every token below is pieced together at run time
HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("=")
BODY = base64.urlsafe_b64encode(b'{"sub":"1234567890"}').decode().rstrip("=")
FOUND = [
    ("AWS key", "key " + "AKIA" + "Q3EGXW2MTR7NP5LZ"), ("GitHub token", "gh" + "p_" + RANDOM[:36]),
    ("GitLab token", "gl" + "pat-" + RANDOM[:20]), ("Slack token", "xo" + "xb-" + "123456789012-" + RANDOM[:24]),
    ("Anthropic key", "sk-" + "ant-api03-" + RANDOM * 2), ("OpenAI key", "sk-" + "proj-" + RANDOM),
    ("Google key", "AI" + "za" + RANDOM[:35]), ("Stripe key", "sk_" + "live_" + RANDOM[:24]),
    ("Hugging Face token", "h" + "f_" + "qRwZkVmXcTbNsLdJhFpGyAeUoiQvBKMzYt"),
    ("model service key", "gs" + "k_" + RANDOM + RANDOM[:12]), ("model service key", "xa" + "i-" + RANDOM * 2),
    ("model service key", "sk-" + "or-v1-" + "0a1b2c3d4e5f6789" * 4), ("model service key", "r" + "8_" + RANDOM[:37]),
    ("data service key", "pc" + "sk_" + RANDOM[:6] + "_" + RANDOM + RANDOM[:23]),
    ("data service key", "da" + "pi" + "0a1b2c3d4e5f6789" * 2),
    ("cloud key", "do" + "p_v1_" + "0a1b2c3d4e5f6789" * 4), ("payment key", "shp" + "at_" + "0a1b2c3d4e5f6789" * 2),
    ("messaging token", "98765" + "43210:" + "AA" + RANDOM[:33]), ("code host token", "np" + "m_" + RANDOM[:36]),
    ("other token", "li" + "n_api_" + RANDOM), ("other token", "Authorization: Be" + "arer " + RANDOM),
    ("password or key assigned", "AZURE_OPENAI_KEY=" + "0a1b2c3d4e5f6789" * 2), ("JWT", f"{HEADER}.{BODY}.{RANDOM}"),
    ("private key", "-----BEGIN RSA " + "PRIVATE KEY-----\n" + RANDOM * 2 + "\n-----END RSA PRIVATE KEY-----"),
    ("password in an address", "postgres://app:" + "h7Gd2-kLq9@db.internal:5432/main"),
    ("password or key assigned", 'api_key = "' + RANDOM[:32] + '"'),
    ("password or key assigned", "password: " + "Tr4vel!ng-Moose"),
]  # fmt: skip
LEFT = [
    "the secret of success is patience and the key is practice", 'password = os.environ["DB_PASSWORD"]',
    "api_key = YOUR_API_KEY_GOES_HERE_1234", "token = tokenizer.encode(text)",
    "postgres://user:password@localhost/db and https://example.org:8080/a",
    "sk-learn-based-estimators-are-great, risk-adjusted", "AKIA is a prefix; eyJ is one as well",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "The answer key: 1) b 2) c 3) a",
    "my_function_name_is_very_long_and_has_underscores(x=1)", "commit d2a84f4b8b650937ec8f73cd8be2c74add5a911b",
]  # fmt: skip


def test_secrets_are_found_by_their_kind() -> None:
    """The mask shows nothing of one, at its place; every shape has a kind, a bit and a hint."""
    missed, shown = [], []
    for kind, text in FOUND:
        bits, hidden = secrets.kinds_of(f"see {text} ok"), masked(f"see {text} ok")
        if not bits >> secrets.KINDS.index(kind) & 1:
            missed.append((kind, text))
        if f"[{kind}]" not in hidden or any(piece in hidden for piece in (RANDOM[:12], "kLq9", "Moose", "EGXW")):
            shown.append((kind, hidden))
    assert ([], []) == (missed, shown)
    assert [] == [text for text in LEFT if secrets.kinds_of(text)]
    text = "İ" * 200 + " and the long tale goes on" * 600 + ' api_key = "9fK2mQ7xLw4Rt8Zp1Vb6"'
    assert [("password or key assigned", text.index("9fK"), len(text) - 1)] == secrets.spans(text)
    kinds = {row["kind"] for row in catalog.read_table("secret_shapes")}
    assert kinds == set(secrets.KINDS[:-1])
    assert len(secrets.KINDS) <= 32
    shape = secrets.Shape("cloud key", re.compile(r"\d{14}\.atlasv1\.x"), False)
    assert r"\.atlasv1\.x" == secrets._parted(shape, ".atlasv1.").core.pattern
    with pytest.raises(ValueError, match="not found"):
        secrets._parted(shape, ".atlasv2.")


@pytest.mark.slow
def test_time_grows_with_the_text() -> None:
    """A crafted text four times as long takes about four times as long, not sixteen times."""

    def seconds(length: int) -> float:
        text, times = piece * (length // len(piece)), []
        for _ in range(3):
            begun = time.process_time()
            secrets.kinds_of(text)
            times.append(time.process_time() - begun)
        return min(times)

    for piece in ("eyJ" + "a" * 30 + ".", "key = ", "http://a:", "sk-sk-sk-/", "Bearer aa1A", "-us1"):
        secrets.kinds_of(piece)
        assert seconds(4_000) < 10 * seconds(1_000) + 0.01, piece
