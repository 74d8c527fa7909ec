"""Facts that the input lacks: what is flagged, what is left alone."""

import json
import random

from tests.data.checks.made_files import pairs as evidence
from tunecase.data.checks import grounding
from tunecase.data.checks.defect import NotChecked

NAMES = "Okafor Lindqvist Moreau Tanaka Alvarez Novak Petrov Haddad".split()


def invoices(n, planted, seed=0):
    """Invoices and their fields; the planted rows carry a number that the invoice lacks."""
    rng = random.Random(seed)
    rows = []
    for at in range(n):
        number, total, name = rng.randint(10_000, 99_999), rng.randint(100, 9_999), rng.choice(NAMES)
        text = f"Invoice {number} from {name} Ltd, issued 5 March 2024. Please pay {total:,}.00 EUR within thirty days."
        said = total + 70_001 if at in planted else total
        answer = {"number": number, "vendor": f"{name} Ltd", "date": "2024-03-05", "total": said}
        rows.append((text, json.dumps(answer)))
    return rows


def test_fields_that_the_text_lacks_are_flagged(tmp_path):
    """Planted values and no other; sound extractions and worked-out numbers are left alone."""
    planted = {3, 17, 40, 41, 77, 90}
    defect = grounding.ungrounded_answer(evidence(tmp_path, invoices(100, planted)))
    assert (sorted(planted), "warn") == (sorted(defect.rows.tolist()), defect.severity)
    assert None is grounding.ungrounded_answer(evidence(tmp_path, invoices(100, set())))
    rng = random.Random(1)
    rows = []
    for _ in range(100):
        a, b = rng.randint(20, 90), rng.randint(20, 90)
        rows.append((f"Ann has {a} pens and buys {b} boxes. How many has she?", f"She has {a} + {b} = {a + b} pens."))
    assert isinstance(grounding.ungrounded_answer(evidence(tmp_path, rows)), NotChecked)
    facts = [(f"Tell me about town {at} please.", f"It lies on the Elbe, was founded in 1{at + 100} by Otto Novak.")
             for at in range(80)]  # fmt: skip
    code = [(f"Write a loop over {at} rows of a table, and print each.",
             f"import csv\nfor row in csv.reader(open('Data{at}.csv')):\n    print(row[17], 'Total', 4711)")
            for at in range(80)]  # fmt: skip
    assert [True, True] == [
        isinstance(grounding.ungrounded_answer(evidence(tmp_path, rows)), NotChecked) for rows in (facts, code)
    ]
