"""How a chat template lays out a conversation: its fixed pieces, learned by rendering it in a separate process.

A template is a program from somebody else's repository. It runs in jinja2's sandbox, in a child process with limits on
time, memory and output, and a few times per file rather than once per row: what stands between the texts is learned
with marks in their place, and then checked on real rows.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Turns = tuple[tuple[str, str], ...]

MOST_SECONDS = 20
MOST_MEMORY_BYTES = 512 << 20
MOST_OUTPUT_CHARACTERS = 10_000_000  # of all conversations together
MOST_TEMPLATE_CHARACTERS = 200_000
MOST_FILE_BYTES = 20_000_000
MARK = "\x02text {}\x03"
MOST_LEARNT = 2000
ROLES = {"human": "user", "gpt": "assistant", "model": "assistant"}


@dataclass(frozen=True, slots=True)
class Template:
    """A chat template, and the special tokens it may name."""

    source: str
    variables: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """The fixed pieces around the texts of a run of roles, one more than texts; `stripped`: texts lose outer blanks."""

    pieces: tuple[str, ...]
    stripped: bool

    def laid(self, texts: Sequence[str]) -> str:
        """The whole conversation as the template writes it."""
        parts = [self.pieces[0]]
        for text, piece in zip(texts, self.pieces[1:], strict=True):
            parts += (text.strip() if self.stripped else text, piece)
        return "".join(parts)


_LEARNT: dict[tuple[Template, tuple[str, ...]], Layout | None] = {}


def read_template(tokenizer: Path) -> Template | None:
    """The chat template beside a tokenizer.json; None where there is none that can be read.

    Looks into chat_template.jinja, then tokenizer_config.json; of several named ones the one called "default".
    """
    _, own, config_file = files_of(tokenizer)
    if any(path.is_file() and path.stat().st_size > MOST_FILE_BYTES for path in (own, config_file)):
        return None
    try:
        config = _config(config_file)
        source = own.read_text(encoding="utf-8") if own.is_file() else _named_default(config.get("chat_template"))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    if not isinstance(source, str) or len(source) > MOST_TEMPLATE_CHARACTERS:
        return None
    names = ("bos_token", "eos_token", "pad_token", "unk_token")
    return Template(source, tuple((name, _token(config[name])) for name in names if config.get(name)))


def files_of(tokenizer: Path) -> tuple[Path, ...]:
    """The files on which the tokens of a row depend: the tokenizer.json, and those that may hold a chat template."""
    return tokenizer, *(tokenizer.parent / name for name in ("chat_template.jinja", "tokenizer_config.json"))


def _config(path: Path) -> dict[str, Any]:
    """A tokenizer_config.json; empty where there is none.

    Raises: ValueError or TypeError where it is not one JSON object; RecursionError where it is nested too deep.
    """
    config = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if not isinstance(config, dict):
        raise TypeError(f"{path} is not one JSON object")
    return config


def _named_default(templates: object) -> object:
    """Of a list of named templates the one called "default"; anything else as it is."""
    if not isinstance(templates, list):
        return templates
    named = [each for each in templates if isinstance(each, dict)]
    return next((each.get("template") for each in named if each.get("name") == "default"), None)


def _token(value: Any) -> str:
    return str(value.get("content", "")) if isinstance(value, dict) else str(value)


def learn(template: Template, roles: Sequence[tuple[str, ...]]) -> list[Layout | None]:
    """The layout of each run of roles; None where the template refuses it or changes the order of the texts.

    Args:
        roles: such as ("system", "user", "assistant").
    """
    marked: list[Turns] = [
        tuple((role, form.format(MARK.format(at))) for at, role in enumerate(run))
        for run in roles
        for form in ("{}", " {} ")
    ]
    texts = rendered(template, marked)
    return [_layout(len(run), texts[2 * at], texts[2 * at + 1]) for at, run in enumerate(roles)]


def layouts_of(template: Template, roles: Sequence[tuple[str, ...]]) -> list[Layout | None]:
    """The same as `learn`, each run learnt once in a process: nothing else that was counted changes what it is."""
    if new := [run for run in roles if (template, run) not in _LEARNT]:
        if len(_LEARNT) > MOST_LEARNT:
            _LEARNT.clear()
            new = list(roles)
        _LEARNT.update(zip(((template, run) for run in new), learn(template, new), strict=True))
    return [_LEARNT[template, run] for run in roles]


def _layout(texts: int, plain: str | None, blank: str | None) -> Layout | None:
    if plain is None or blank is None:
        return None
    pieces = []
    rest = plain
    for at in range(texts):
        before, mark, rest = rest.partition(MARK.format(at))
        if not mark:
            return None
        pieces.append(before)
    pieces.append(rest)
    for stripped in (False, True):
        layout = Layout(tuple(pieces), stripped)
        if layout.laid([f" {MARK.format(at)} " for at in range(texts)]) == blank:
            return layout
    return None


def rendered(template: Template, conversations: Sequence[Turns]) -> list[str | None]:
    """Each conversation as the template writes it, None where it refuses; all None when a limit was exceeded."""
    task = {"source": template.source, "variables": dict(template.variables), "conversations": conversations}
    from tunecase.engine import ask_child

    try:
        _, told = ask_child(Path(__file__), task, MOST_SECONDS)  # by its file: its packages would run first
    except OSError:
        told = []
    texts = told[0] if told else None
    return texts if isinstance(texts, list) and len(texts) == len(conversations) else [None] * len(conversations)


def render_here(source: str, variables: Mapping[str, str], conversations: Sequence[Turns]) -> list[str | None]:
    """The same as `rendered`, in this process and jinja2's sandbox, without limits on time and memory."""
    from datetime import UTC, datetime

    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    world = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"], autoescape=False
    )
    world.globals.update(raise_exception=refuse, strftime_now=lambda form: datetime.now(UTC).strftime(form))
    world.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
    texts: list[str | None] = []
    left = MOST_OUTPUT_CHARACTERS
    for turns in conversations:
        messages = [{"role": ROLES.get(role, role), "content": text} for role, text in turns]
        try:
            text = world.from_string(source).render(messages=messages, add_generation_prompt=False, **variables)
        except Exception:  # noqa: BLE001 - a template may fail in any way; a failure is a refusal
            texts.append(None)
            continue
        left -= len(text)
        texts.append(text if left >= 0 else None)
    return texts


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on this system, where only the limit on time holds
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))


def main() -> int:
    """The child process: one JSON object in, a list of texts out."""
    _limit()
    json.dump(render_here(**json.load(sys.stdin)), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
