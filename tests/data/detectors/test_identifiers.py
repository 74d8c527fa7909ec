"""Numbers with check digits: real ones pass, one wrong digit does not."""

from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.detectors import identifiers

PUBLISHED = [
    (identifiers.is_card, "4111-1111-1111-1111"), (identifiers.is_card, "3782 822463 10005"),
    (identifiers.is_iban, "DE89370400440532013000"), (identifiers.is_iban, "NO93 8601 1117 947"),
    (identifiers.is_dni, "54362315K"), (identifiers.is_codice_fiscale, "MRTMTT91D08F205J"),
    (identifiers.is_nir, "2 55 08 14 168 025 38"), (identifiers.is_cpf, "111.444.777-35"),
    (identifiers.is_resident_id, "11010519491231002X"), (identifiers.is_pesel, "44051401359"),
    (identifiers.is_personnummer, "811228-9874"), (identifiers.is_ahv, "756.9217.0769.85"),
    (identifiers.is_aadhaar, "2341 2341 2346"),
]  # fmt: skip


def one_digit_off(number):
    """The number with its last digit one higher."""
    last = next(place for place in reversed(range(len(number))) if number[place].isdecimal())
    return number[:last] + str((int(number[last]) + 1) % 10) + number[last + 1 :]


def test_published_examples_pass_and_a_changed_digit_fails():
    """The examples of the standards; only routed addresses count; lengths of accounts are by country."""
    assert [] == [(passes.__name__, number) for passes, number in PUBLISHED if not passes(number)]
    assert [] == [(passes.__name__, number) for passes, number in PUBLISHED if passes(one_digit_off(number))]
    assert identifiers.is_public_ip("81.2.69.142")
    assert identifiers.is_public_ip("2a02:8108:8ac0:1b5d::1")
    for text in ("10.1.200.90", "192.0.2.99", "127.0.0.1", "224.99.99.99", "1.12.4.0", "300.99.99.9", "2001:db8::99"):
        assert not identifiers.is_public_ip(text)
    lengths = identifiers.iban_lengths()
    assert len(lengths) > 70
    assert (22, 15, 31) == (lengths["DE"], lengths["NO"], lengths["MT"])


@given(st.integers(0, 10**14 - 1))
def test_exactly_one_last_digit_makes_a_number_pass_luhn(stem):
    """So a random number passes once in ten."""
    digits = [int(char) for char in str(stem)]
    assert 1 == sum(identifiers.passes_luhn([*digits, last]) for last in range(10))
