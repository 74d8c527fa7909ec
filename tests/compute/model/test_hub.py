"""A config.json from the hub: one small file, kept, and never needed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tunecase.compute.model import hub
from tunecase.compute.model.reading import read_shape
from tunecase.errors import InputError
from tunecase.io import servers
from tunecase.io.servers import Bounds, NoReplyError, Reply

BODY = {
    "model_type": "llama", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96,
    "vocab_size": 100,
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Requests that were made; the hub gives BODY, and the cache lies in a new folder."""
    requests: list[Any] = []

    def answer(address: str, bounds: Bounds, headers: Mapping[str, str]) -> Reply:
        requests.append((address, headers))
        return Reply(200, {}, json.dumps(BODY).encode())

    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(servers, "exchange", answer)
    return requests


def test_an_unknown_name_is_read_from_the_hub_once(asked: list[Any]) -> None:
    """The second time comes from the cache."""
    first = read_shape("somebody/new-model")
    assert first == read_shape("somebody/new-model")
    assert 82_752 == first.params
    assert "somebody/new-model" == first.name
    assert ["https://huggingface.co/somebody/new-model/resolve/main/config.json"] == [address for address, _ in asked]


def test_a_cache_that_cannot_be_written_loses_nothing(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The shape is read all the same, and asked for again the next time."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("TUNECASE_CACHE", str(tmp_path / "file"))
    assert 82_752 == read_shape("somebody/new-model").params == read_shape("somebody/new-model").params
    assert 2 == len(asked)


def test_a_known_name_asks_nobody(asked: list[Any]) -> None:
    """The tables come first."""
    assert 6_738_415_616 == read_shape("meta-llama/Llama-2-7b-hf").params
    assert 6_738_415_616 == read_shape("somebody/Llama-2-7b-hf-AWQ").params
    assert [] == asked


def test_a_token_goes_to_the_hub_and_not_where_it_redirects(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The file store behind the hub has no need of it."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    read_shape("somebody/new-model")
    assert "Bearer hf_secret" == asked[0][1]["Authorization"]


def test_what_is_no_config_is_not_kept(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of HTML, another status, other bytes than UTF-8 or a reply that breaks off counts as no answer."""
    latin = json.dumps({**BODY, "name": "caf\u00e9"}, ensure_ascii=False).encode("latin-1")
    for status, body in (
        (200, latin),
        (200, b""),
        (200, b"[]"),
        (200, b"{"),
        (200, b"\xff\xfe"),
        (302, b"{}"),
        (404, b"{}"),
    ):
        monkeypatch.setattr(servers, "exchange", lambda *_, status=status, body=body: Reply(status, {}, body))
        with pytest.raises(InputError, match="did not give"):
            read_shape("somebody/new-model")
        assert hub.kept("somebody/new-model") is None


def test_without_network_the_error_has_near_names(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """And says what to give instead."""

    def refuse(*_: Any) -> None:
        raise NoReplyError("no route to host")

    monkeypatch.setattr(servers, "exchange", refuse)
    with pytest.raises(InputError) as error:
        read_shape("meta-llama/Llama-2-7b-fh")
    assert "meta-llama/Llama-2-7b-hf" in error.value.problems[0].fix
    assert "config.json" in error.value.problems[0].fix


def test_offline_asks_nobody(asked: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """By the hub's own switch, and by argument."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(InputError):
        read_shape("somebody/new-model")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with pytest.raises(InputError):
        read_shape("somebody/new-model", online=False)
    assert [] == asked


def test_only_owner_and_name_are_asked_for() -> None:
    """Nothing that could leave the hub or the cache folder."""
    cases = ["../secrets/x", "a/b/c", "llama", "a/../b", "/a/b", "a/b?c", "a b/c", ""]
    assert [] == [name for name in cases if hub.is_id(name)]
