"""The config.json of a model on the Hugging Face hub: from a cache on this machine, else one small file over https."""

import os
import re
from pathlib import Path
from typing import Any

from tunecase.compute.model.settings import read_json

ID = r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}"
PATIENCE_S = 5
MOST_BYTES = 1_000_000
MOST_REDIRECTS = 3  # on the hub itself: a model may have been renamed
OFFLINE = ("1", "TRUE", "YES", "ON")


def is_id(name: str) -> bool:
    """Whether a name has the form owner/name of a model on the hub.

    Example:
        >>> is_id("meta-llama/Llama-2-7b-hf"), is_id("models/my/llama"), is_id("llama-2-7b")
        (True, False, False)
    """
    return bool(re.fullmatch(ID, name)) and ".." not in name


def kept(name: str) -> Path | None:
    """The config.json of a model, if this machine already has it, without network; else None.

    Args:
        name: owner/name.
    """
    here = _place(name)
    if here.is_file():
        return here
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None

    cached = try_to_load_from_cache(name, "config.json")
    return Path(cached) if isinstance(cached, str) else None


def config(name: str, *, online: bool = True) -> tuple[dict[str, Any], str] | None:
    """The config.json of a model and where it came from; None when the hub does not give it within seconds.

    It is fetched once and then kept. Nothing but this file is asked for, and nothing in it is run. A token in HF_TOKEN
    is sent to the hub alone, for models behind a licence; HF_HUB_OFFLINE turns the network off.

    Args:
        name: owner/name.
        online: whether the hub may be asked.
    Raises: InputError when the file that was kept cannot be read.
    """
    path = kept(name)
    if path is not None:
        return read_json(path), str(path)
    if not online or os.environ.get("HF_HUB_OFFLINE", "").upper() in OFFLINE:
        return None
    fetched = _fetched(name)
    if fetched is None:
        return None
    config, body = fetched
    _keep(name, body)
    return config, f"config.json of {name}"


def _place(name: str) -> Path:
    from tunecase.engine import cache_folder

    return cache_folder() / "configs" / f"{name.replace('/', '--')}.json"


def _fetched(name: str) -> tuple[dict[str, Any], bytes] | None:
    """The file and its bytes; None when it cannot be had or is not a JSON object of a sensible size."""
    from tunecase.io.servers import Bounds, NoReplyError, exchange

    address = f"https://huggingface.co/{name}/resolve/main/config.json"
    token = os.environ.get("HF_TOKEN")
    headers = {"User-Agent": "tunecase", **({"Authorization": f"Bearer {token}"} if token else {})}
    try:
        reply = exchange(address, Bounds(PATIENCE_S, MOST_BYTES, MOST_REDIRECTS), headers)
        config = reply.json() if reply.status == 200 else None
    except (NoReplyError, ValueError):
        return None
    return (config, reply.body) if isinstance(config, dict) else None


def _keep(name: str, body: bytes) -> None:
    """Writes the file into the cache, whole or not at all; a cache that cannot be written only costs the next fetch."""
    import tempfile

    place = _place(name)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as part:
            part.write(body)
        Path(part.name).replace(place)
    except OSError:
        return
