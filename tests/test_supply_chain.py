"""What is installed is locked by hashes, its licences are listed, and nothing that is read as data can run code."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ("core", "train", "test", "dev")
# Licences that ask whoever passes the product on to open their own code as well, or that forbid some use.
REFUSED = re.compile(r"\bA?GPL|Affero|SSPL|BUSL|Business Source|Commons Clause|NonCommercial|not named", re.IGNORECASE)


def extras() -> dict[str, list[str]]:
    """What pyproject.toml asks for: the core under "", and each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return {"": project["dependencies"], **project["optional-dependencies"]}


def wanted(extra: str) -> dict[str, Requirement]:
    """The packages that an extra asks for beside the core, with the extras that it names itself."""
    asked: dict[str, Requirement] = {}
    for text in [*extras()[""], *extras()[extra]]:
        requirement = Requirement(text)
        if requirement.name == "tunecase":
            for inner in requirement.extras:
                asked |= wanted(inner)
        else:
            asked[canonicalize_name(requirement.name)] = requirement
    return asked


def locked(name: str) -> dict[str, list[str]]:
    """The versions of each package in a lock file, each of them with a hash."""
    versions: dict[str, list[str]] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / "requirements" / f"{name}.txt").read_text()):
        if not block.startswith("#"):
            package, version = re.match(r"([\w.-]+)(?:\[[^]]*\])?==([\w.+!-]+)", block).groups()
            assert "--hash=sha256:" in block, f"{name}.txt: {package} has no hash"
            versions.setdefault(canonicalize_name(package), []).append(version)
    return versions


@pytest.mark.parametrize(("lock", "extra"), [("core", "light"), ("train", "train"), ("test", "test"), ("dev", "dev")])
def test_each_lock_holds_what_its_extra_asks_for(lock: str, extra: str) -> None:
    """A package added to pyproject.toml, or a bound raised there, is locked too: `make lock`."""
    held = locked(lock)
    missing = [
        str(requirement)
        for name, requirement in wanted(extra).items()
        if name != "torch" and not any(requirement.specifier.contains(version) for version in held.get(name, ()))
    ]
    assert [] == missing


def test_locks_name_no_place_and_agree() -> None:
    """Files may come from any index, since their hashes are known; a package has the same versions in all four."""
    texts = {name: (ROOT / "requirements" / f"{name}.txt").read_text() for name in LOCKS}
    assert [] == [name for name, text in texts.items() if "://" in text or "index-url" in text]
    everything = locked("dev")
    differing = {
        package for name in LOCKS for package, versions in locked(name).items() if everything.get(package) != versions
    }
    assert set() == differing


def test_licences_are_listed_and_fit_apache() -> None:
    """Each package of the lock stands on the page with its version and a licence that lets the product be passed on."""
    rows = re.findall(r"^\| (\S+) \| (\S+) \| (.+) \|$", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE)
    listed = {canonicalize_name(name): (version, licence) for name, version, licence in rows if name != "package"}
    held = locked("core")
    asked = {name for name in wanted("light") if name in held}
    assert set() == asked - set(listed)
    assert [] == [name for name, (version, _) in listed.items() if version not in held.get(name, ())]
    assert [] == [name for name, (_, licence) in listed.items() if REFUSED.search(licence)]


# Calls that run what they read, and the one place where each is meant.
RUNS_CODE = {
    "eval", "exec", "compile", "pickle.load", "pickle.loads", "marshal.loads", "torch.load", "joblib.load",
    "numpy.load", "yaml.load", "yaml.unsafe_load", "os.system", "shelve.open",
}  # fmt: skip
MEANT = {"pilot/scoring/code.py": {"exec", "compile"}}


def called(node: ast.Call) -> str:
    """The name of what is called, with what stands before its dot."""
    function = node.func
    if isinstance(function, ast.Attribute):
        before = function.value.id if isinstance(function.value, ast.Name) else ""
        return f"{before}.{function.attr}"
    return function.id if isinstance(function, ast.Name) else ""


def test_nothing_that_is_read_as_data_can_run_code() -> None:
    """No pickle, no unsafe YAML, no eval; weights are safetensors, and no model's own code is trusted."""
    wrong = []
    # Only files that hold one of these words are parsed.
    names = r"(?:os\.system|shelve|yaml|(?:pickle|marshal|torch|joblib|numpy)\.loads?)\b"
    words = re.compile(rf"(?<![.\w])(?:(?:eval|exec|compile)\(|{names})|\.from_pretrained")
    for path in sorted((ROOT / "src").rglob("*.py")):
        name, text = path.relative_to(ROOT / "src" / "tunecase").as_posix(), path.read_text()
        for node in ast.walk(ast.parse(text)) if words.search(text) else ():
            if not isinstance(node, ast.Call):
                continue
            call = called(node)
            given = {word.arg: getattr(word.value, "value", None) for word in node.keywords}
            if call == "yaml.load" and "SafeLoader" in ast.unparse(node):
                continue
            if call in RUNS_CODE and call not in MEANT.get(name, ()):
                wrong.append(f"{name}:{node.lineno} {call}")
            if call.endswith(".from_pretrained") and "gguf_file" not in given:  # a form of weights without code
                adapter = call.startswith("Peft")  # peft runs no code of a model's; its files are looked at before
                trusted = given.get("trust_remote_code") is not False
                pickled = "Model" in call and given.get("use_safetensors") is not True
                wrong += [f"{name}:{node.lineno} {call}"] * (not adapter and (trusted or pickled))
    assert [] == wrong
