"""Personal data: what patterns and checksums take and leave."""

from tunecase.data.detectors.identifiers import is_card, is_iban
from tunecase.data.detectors.personal import KINDS, kinds_of
from tunecase.data.detectors.private import masked

TEXTS = [
    ("appelez le 06 12 34 56 78 svp", {"phone"}), ("call 07700900123 after six", {"phone"}),
    ("my cell is 2025550143", {"phone"}), ("a hidden j.doe[at]example[dot]org", {"e-mail"}),
    ("SSN 219-09-9999 on file", {"identity number"}), ("DNI 12345678Z", {"identity number"}),
    ("seen from 81.2.69.142 at noon", {"IP address"}), ("from 2a02:8108:8ac0:1b5d::1 today", {"IP address"}),
    ("version 10.45.90.120 and 192.168.1.20 and 1.2.3.4", set()), ("@property and @dataclass(frozen=True)", set()),
    ("foo@bar and icon@2x.png and react@18.2.0", set()), ("git clone git@github.com:some/thing.git", set()),
    ("550e8400-e29b-41d4-a716-446655440000", set()), ("ISBN 978-3-16-148410-0 and 0-306-40615-2", set()),
    ("order 5500123412341234, ticket 2025550143", set()), ("from 2024-05-17 to 2024-06-01, 1 000 000 times", set()),
    ("sha d2a84f4b8b650937ec8f73cd8be2c74add5a911b", set()), ("mail t.okonjo@example.net please", {"e-mail"}),
    ("ring 020 7946 0958", {"phone"}), ("call +1 202-555-0143 now", {"phone"}), ("(202) 555-0143", {"phone"}),
    ("+44 (0)20 7946 0958", {"phone"}), ("4111 1111 1111 1111, exp 08/29", {"card"}), ("5555555555554444", {"card"}),
    ("to GB82 WEST 1234 5698 7654 32.", {"IBAN"}), ("DE89370400440532013000", {"IBAN"}),
    ("a@b.org or 4111-1111-1111-1111", {"e-mail", "card"}), ("order 88-2031 of 2024-05-17 12:30:45", set()),
    ("4111 1111 1111 1112", set()), ("GB83 WEST 1234 5698 7654 32", set()),
    ("it costs 1,250,000.00 or 3.14159265358979", set()), ("48/2 = <<48/2=24>>24 and 0000 0000 0000 0000", set()),
    ("@home and user@localhost", set()), ("[000] row=1215 lane=2 took 82 ms", set()),
]  # fmt: skip


def test_kinds_are_told_from_other_numbers():
    """Valid numbers are found, look-alikes are not; masking leaves nothing personal."""
    seen = [(text, {kind for bit, kind in enumerate(KINDS) if kinds_of(text) >> bit & 1}) for text, _ in TEXTS]
    assert TEXTS == seen
    text = "x " * 50 + "a@b.org, 020 7946 0958, 4111 1111 1111 1111, GB82 WEST 1234 5698 7654 32"
    assert masked(text).endswith("[e-mail], [phone], [card], [IBAN]")
    assert kinds_of(masked(text)) == 0
    assert not is_card("42")
    assert not is_iban("GB82")
