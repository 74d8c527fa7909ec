"""Chat templates are laid out once, in a sandbox, and cannot harm or hang."""

import json

import pytest

from tunecase.data.tokens import chat_layout
from tunecase.data.tokens.chat_layout import Template, learn, read_template, render_here, rendered

RUN = ("user", "assistant")
ATTACKS = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}", "{{ messages.append(1) }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}", "{% for i in range(10 ** 9) %}x{% endfor %}",
    "{% include '/etc/passwd' %}", "{{ raise_exception('no') }}",
)  # fmt: skip


def test_templates_that_reach_out_and_their_pieces(monkeypatch):
    """Attributes, changed arguments and endless loops are refused; what stands around texts is learned."""
    texts = {source: render_here(source, {}, [(("user", "x"),)]) for source in ATTACKS}
    assert {key: [None] for key in ATTACKS} == texts
    monkeypatch.setattr(chat_layout, "MOST_OUTPUT_CHARACTERS", 25)
    assert ["0123456789", "0123456789", None] == render_here("0123456789", {}, [(("user", "x"),)] * 3)
    source = "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}]{{ m['content'] | trim }}|{% endfor %}"
    (layout,) = learn(Template(source, (("bos_token", "<s>"),)), [RUN])
    assert layout.stripped
    assert "<s>[user]a|[assistant]b|" == layout.laid([" a", "b "])


@pytest.mark.slow
def test_a_template_that_swells_is_stopped(monkeypatch):
    """Time, memory and output are limited in a process of its own: such a template leaves no text."""
    monkeypatch.setattr(chat_layout, "MOST_SECONDS", 1)
    loops = "".join(f"{{% for a{i} in range(99999) %}}" for i in range(4)) + "{% endfor %}" * 4
    at_once = "{{ 'x' * 1000000000 }}"
    in_pieces = "{% for i in range(90000) %}{{ 'x' * 20000 }}{% endfor %}"
    for source in (loops, at_once, in_pieces):
        assert [None] == rendered(Template(source, ()), [(("user", "x"),)])


def test_templates_are_found_or_none(tmp_path):
    """Beside the tokenizer, the default of several, by a link; what has another form holds none."""
    path = tmp_path / "tokenizer.json"
    assert None is read_template(path)
    named = [{"name": "tool", "template": "t"}, {"name": "default", "template": "d"}]
    config = {"chat_template": named, "bos_token": {"content": "<s>"}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    assert Template("d", (("bos_token", "<s>"),)) == read_template(path)
    (tmp_path / "chat_template.jinja").write_text("own", encoding="utf-8")
    assert "own" == read_template(path).source
    (tmp_path / "model").mkdir()
    (tmp_path / "kept.json").write_text('{"chat_template": "t"}', encoding="utf-8")
    (tmp_path / "model" / "tokenizer_config.json").symlink_to(tmp_path / "kept.json")
    assert Template("t", ()) == read_template(tmp_path / "model" / "tokenizer.json")
    (tmp_path := tmp_path / "second").mkdir()
    config = tmp_path / "tokenizer_config.json"
    read = {}
    for body in ODD:
        config.write_text(body, encoding="utf-8")
        read[body[:60]] = read_template(tmp_path / "tokenizer.json")
    assert dict.fromkeys(read) == read


DEEP = "[" * 100_000
ODD = ("{", "[]", "5", "null", '"text"', DEEP, f'{{"chat_template": {DEEP}', '{"chat_template": 5}',
       '{"chat_template": [["a"], null, 1, {"name": "default"}]}', '{"chat_template": {"default": "d"}}')  # fmt: skip
