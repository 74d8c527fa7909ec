"""A finding that may be wrong stops a case only where its check was measured on text of that kind."""

import re

from tunecase import catalog
from tunecase.data.audit.audit import CHECKS
from tunecase.data.audit.findings import weighed
from tunecase.data.domains import DOMAINS

NAMES = tuple(re.sub("^format_train$", "format", check.__name__) for check in CHECKS)


def test_a_guess_without_evidence_never_stops() -> None:
    """A stop stands only for a fact, or with 100 flags and a bound of .90; the rule only takes weight away."""
    rows = catalog.table("check_accuracy", catalog.CheckAccuracy)
    allowed = {(row.check, row.domain) for row in rows if (row.flags or 0) >= 100 and row.may_stop}
    facts = {row.check for row in catalog.checks() if row.kind == "fact"}
    for domain in ("", *DOMAINS):
        kept = {name for name in NAMES if weighed("stop", name, domain) == "stop"}
        assert {name for name in NAMES if name in facts or (name, domain) in allowed} == kept, domain
    for severity in ("warn", "note"):
        assert {severity} == {weighed(severity, name, domain) for name in NAMES for domain in DOMAINS}  # type: ignore[arg-type]
    assert "warn" == weighed("stop", "some_new_check", "prose")
