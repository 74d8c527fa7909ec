"""Nothing personal and no secret is printed: not in a finding, not in the record, not in the quarantine file."""

import json
from datetime import date

from tunecase.data.audit.audit import Files, audit
from tunecase.prices.basis import Basis
from tunecase.quantities.spread import Worlds

THINGS = ("mara.quint@brightfox.org", "4111 1111 1111 1111", "gh" + "p_q7Rw2ZkV9mXc4TbN8sLdJ3hFpGyA6eUo5iQv")


def test_nothing_is_shown_even_where_a_text_is_cut(tmp_path):
    """Things at every place around the cut of an example, twice each, in good rows and broken ones."""
    lines = []
    for thing in THINGS:
        for at in range(40, 84, 4):
            row = json.dumps({"text": "x " * (at // 2) + thing + f" end {at}", "label": f"l{at % 3}"})
            lines += [row, row]
            lines.append("{" + "y " * (at // 2 + 60) + thing)
    path, bad = tmp_path / "rows.jsonl", tmp_path / "bad.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    record = audit(None, Files(path, path, quarantine=bad), basis=Basis(None, date(2026, 11, 24), Worlds(0, 100)))
    assert {"pii", "pii_test", "secrets", "secrets_test"} <= {finding.check for finding in record.findings}
    shown = repr(record) + bad.read_text(encoding="utf-8")
    for piece in ("mara.q", "brightfox", "4111 1111", "ZkV9mX", "p_q7R"):
        assert piece not in shown
