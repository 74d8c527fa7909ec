"""A folder is an audit's where its name, its owner and its stamp say so; the stamp keeps a plan."""

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunecase.data.shards import FolderStore
from tunecase.data.shards.room import ScratchError
from tunecase.data.shards.trust import Plan, check_own, is_audit, read_plan, stamped_s, write_plan

VALUES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.integers())


STAMPS = st.dictionaries(st.sampled_from(["audit", "at_s", "task_bytes", "partitions"]), VALUES)


class OneName:
    """A store that holds one body, under whatever name."""

    place = "s3://bucket/audit-0"

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get(self, name, start=0, size=None):
        """See Store."""
        return self.body


def test_names_and_stamps(tmp_path):
    """Only names of so many digits count; a plan comes back from its folder's stamp, and from no other."""
    assert is_audit("audit-0123456789abcdef01234567")
    others = ["audit-2026-01-quarterly-report", "audit-0123456789ABCDEF01234567", "audit-0123", "xaudit-" + "0" * 24]
    assert [] == [name for name in others if is_audit(name)]
    store = FolderStore(tmp_path / "audit-1")
    assert (Plan(), None) == (read_plan(store), stamped_s(store))
    write_plan(store, Plan(5, 8))
    assert Plan(5, 8) == read_plan(store)
    assert stamped_s(store) is not None
    (tmp_path / "audit-1").rename(tmp_path / "audit-2")
    assert stamped_s(FolderStore(tmp_path / "audit-2")) is None


@given(st.binary(max_size=20) | STAMPS.map(lambda stamp: json.dumps(stamp).encode()))
def test_any_stamp_is_read(body):
    """A damaged or hostile one holds no plan, or one that can be carried out."""
    plan = read_plan(OneName(body))  # type: ignore[arg-type]
    assert plan.task_bytes is None or plan.task_bytes > 0
    assert plan.partitions is None or plan.partitions in [1 << bits for bits in range(9)]
    stamped_s(OneName(body))  # type: ignore[arg-type]


@pytest.mark.skipif(os.name != "posix", reason="owners and links of POSIX")
def test_links_and_folders_of_others_are_refused(tmp_path):
    """One's own is closed for others."""
    own, link, other = tmp_path / "own", tmp_path / "link", tmp_path / "other"
    own.mkdir(mode=0o755)
    link.symlink_to(own)
    check_own(own)
    assert 0o700 == own.stat().st_mode & 0o777
    with pytest.raises(ScratchError, match="another user"):
        check_own(link)
    if os.geteuid():
        pytest.skip("only root can give a folder away")
    other.mkdir()
    os.chown(other, 12_345, 12_345)
    with pytest.raises(ScratchError, match=r"another user(.|\n)*--scratch"):
        check_own(other)
