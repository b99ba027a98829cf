"""What holds for the project as a whole: changelog, documented commands, small modules, recipes, weights, pictures."""

import ast
import csv
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from benchmarks.copies.tables import TABLES as COPIES
from benchmarks.harness.tables import Table
from benchmarks.hiding.tables import TABLES as HIDING
from benchmarks.objects.tables import TABLES as OBJECTS
from benchmarks.retrieval.tables import TABLES as RETRIEVAL
from benchmarks.training.tables import TABLES as TRAINING
from lynkeus import __version__
from lynkeus.cli import main
from lynkeus.core import read_picture
from lynkeus.kinds import KINDS
from lynkeus.runtime.cards import MODELS, cards

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src" / "lynkeus"
ASSETS = SOURCES / "assets"
LONGEST_MODULE = 400
WEIGHT_BUDGET, DEMO_BUDGET, BACKGROUND_BUDGET = 60_000_000, 1_200_000, 2_000_000
_FOLDERS = ("src", "tests", "benchmarks", "docs", ".ci")
_TEXTS = {".py", ".md", ".toml", ".json", ".csv", ".txt", ".js", ".css", ".j2", ".mako", ""}
_MACHINE = re.compile(r"(?<![\w.}])/(?:work|tmp|home|root|mnt|Users)/")
_RECIPE_LINES = ("Source:", "Expected:", "Cost:", "Run:")


def _files(*suffixes: str) -> list[Path]:
    inside = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    found = [path for path in [*inside, *ROOT.glob("*")] if path.is_file() and path.suffix in suffixes]
    return [path for path in found if "__pycache__" not in path.parts]


def _text(path: Path) -> str:
    return path.read_text("utf-8")


def _lines(path: Path) -> int:
    return len(path.read_bytes().splitlines())


def _commands(command: click.Command, words: str) -> Iterator[str]:
    if not isinstance(command, click.Group):
        yield words
        return
    for name, child in command.commands.items():
        yield from _commands(child, f"{words} {name}")


COMMANDS = sorted(_commands(main, "lynkeus"))
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _shown_commands(document: Path) -> Iterator[str]:
    """Lines of code blocks that call lynkeus."""
    for block in re.findall(
        r"^```(?:console|bash|text)?\n(.*?)^```", document.read_text("utf-8"), re.MULTILINE | re.DOTALL
    ):
        for line in block.splitlines():
            if (call := line.removeprefix("$ ")).startswith("lynkeus "):
                yield call


def test_the_changelog_heads_with_the_version() -> None:
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert __version__ in headings[0]
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    reference = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8")
    assert f"`{command}" in reference


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command: str) -> None:
    found: click.Command = main
    for word in command.split()[1:]:
        assert isinstance(found, click.Group)
        found = found.commands[word]
    rows = (ROOT / "docs" / "reference" / "commands.md").read_text("utf-8").splitlines()
    row = next(line for line in rows if f"`{command}" in line)
    options = [name for p in found.params if isinstance(p, click.Option) for name in p.opts if name.startswith("--")]
    assert [name for name in options if f"`{name}" not in row] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_shows_a_command_that_is_not_there(document: Path) -> None:
    for call in _shown_commands(document):
        bare = re.sub(r"^lynkeus --home \S+", "lynkeus", call)
        assert bare.startswith("lynkeus --") or any(f"{bare} ".startswith(f"{known} ") for known in COMMANDS), call


@pytest.mark.parametrize("document", [*DOCUMENTS, *ROOT.glob("*.md")], ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8"))
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (document.parent / link).exists()] == []


_KINDS = SOURCES / "kinds"
_MAY_NAME_KINDS = ("kinds", "recipes", "losses", "models", "data", "testing", "catalog/migrations")
_NAMES_A_KIND = re.compile(r"""["'`]+(?:{})["'`]+""".format("|".join(map(re.escape, KINDS))))


def test_no_room_outside_the_kinds_asks_for_a_name() -> None:
    """The demo and the rooms of training may; comments and docstrings count, too."""
    sources = [path for path in SOURCES.rglob("*.py") if path.name != "demo.py"]
    outside = [path for path in sources if not path.relative_to(SOURCES).as_posix().startswith(_MAY_NAME_KINDS)]
    assert len(outside) > 100
    found = [f"{path.relative_to(ROOT)}: {name}" for path in outside for name in _NAMES_A_KIND.findall(_text(path))]
    assert found == []
    assert _NAMES_A_KIND.search(_text(_KINDS / "copies" / "kind.py"))


def test_no_kind_knows_another() -> None:
    packages = {path.name for path in _KINDS.iterdir() if (path / "kind.py").exists()}
    assert packages >= {"copies", "objects"}
    for package in packages:
        known = re.findall(r"lynkeus\.kinds\.(\w+)", "\n".join(map(_text, (_KINDS / package).glob("*.py"))))
        assert not (set(known) & packages) - {package}, package


def test_every_kind_has_the_same_files() -> None:
    for path in _KINDS.glob("*/kind.py"):
        assert {"kind.py", "recogniser.py", "index.py"} <= {each.name for each in path.parent.iterdir()}


def test_modules_are_small() -> None:
    long = {str(p.relative_to(ROOT)): n for p in _files(".py") if (n := _lines(p)) > LONGEST_MODULE}
    assert long == {}


def _imported(path: Path) -> set[str]:
    """The first words of what a module imports."""
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names}


def test_the_sdist_brings_what_its_tests_import() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    shipped = set(settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"])
    imported = set[str]().union(*(_imported(path) for path in (ROOT / "tests").rglob("*.py")))
    of_ours = {name for name in imported if (ROOT / name).is_dir()}
    assert "benchmarks" in of_ours
    assert of_ours | {"src", "tests"} <= shipped


def test_no_package_is_a_rest() -> None:
    names = {path.stem for path in (ROOT / "src").rglob("*")}
    assert not names & {"utils", "common", "helpers", "misc"}


def test_every_module_says_what_it_is() -> None:
    sources = (ROOT / "src").rglob("*.py")
    bare = [p for p in sources if not ast.get_docstring(ast.parse(p.read_text("utf-8")))]
    assert bare == []


def test_recipes_say_source_number_cost_and_command() -> None:
    recipes = [p for p in (ROOT / "src/lynkeus/recipes").rglob("*.py") if "\nRECIPE = " in p.read_text("utf-8")]
    assert recipes
    for path in recipes:
        lines = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").splitlines()
        for start in _RECIPE_LINES:
            assert any(line.startswith(start) for line in lines), f"{path.name} lacks {start}"


def test_no_file_names_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in _files(*_TEXTS)
        if path.name != Path(__file__).name
        for line in path.read_text("utf-8", errors="replace").splitlines()
        if _MACHINE.search(line)
    ]
    assert found == []


def test_every_weight_has_a_card_whose_digest_fits() -> None:
    known = cards()
    assert known
    assert [card.name for card in known if not card.intact()] == []
    files = {path.name for path in MODELS.iterdir() if path.suffix != ".json"}
    assert files == {card.file for card in known}


def test_every_card_names_licence_and_terms() -> None:
    for card in cards():
        assert card.licence, card.name
        assert card.terms in {"free", "research"}, card.name
        assert card.version, card.name


def test_weights_stay_within_their_budget() -> None:
    assert sum(path.stat().st_size for path in MODELS.iterdir()) < WEIGHT_BUDGET


@pytest.mark.parametrize(
    ("folder", "least", "budget"), [("demo", 12, DEMO_BUDGET), ("background", 60, BACKGROUND_BUDGET)]
)
def test_shipped_pictures_are_small_and_licensed(folder: str, least: int, budget: int) -> None:
    pictures = sorted((ASSETS / folder).glob("*.jpg"))
    assert len(pictures) >= least
    assert sum(path.stat().st_size for path in pictures) < budget
    assert all(max(read_picture(path).rgb.shape) <= 512 for path in pictures)
    assert list((ASSETS / folder).glob("LICENSE*"))
    sources = (ASSETS / folder / "SOURCES.md").read_text("utf-8")
    assert folder == "background" or [path.name for path in pictures if path.name not in sources] == []


def _free_pictures() -> list[dict[str, str]]:
    with (ASSETS / "free_pictures.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_shipped_picture_is_listed_with_its_origin() -> None:
    listed = [row["file"] for row in _free_pictures()]
    there = [str(p.relative_to(ASSETS)) for folder in ("demo", "background") for p in (ASSETS / folder).glob("*.jpg")]
    assert sorted(listed) == sorted(there)
    assert all(row["original"] and row["licence"] for row in _free_pictures())


def test_no_shipped_picture_trains() -> None:
    with (ROOT / "benchmarks/copies/csv/split.csv").open(newline="", encoding="utf-8") as file:
        role = {row["path"]: row["role"] for row in csv.DictReader(file)}
    recipes = "".join(path.read_text("utf-8") for path in (ROOT / "src/lynkeus/recipes").rglob("*.py"))
    trained = set(re.findall(r'folder="([^"]+)"', recipes))
    assert trained
    for row in _free_pictures():
        original = row["original"]
        barred = role.get(original) == "reference"
        assert barred or not any(original.startswith(f"{folder}/") for folder in trained), original


def test_no_picture_of_the_background_is_one_of_the_demo() -> None:
    originals = [row["original"] for row in _free_pictures()]
    assert len(set(originals)) == len(originals)


@pytest.mark.parametrize("table", [*COPIES, *HIDING, *OBJECTS, *RETRIEVAL, *TRAINING], ids=lambda table: table.name)
def test_tables_are_made_from_the_results(table: Table) -> None:
    for name in table.pages:
        page = (ROOT / name).read_text("utf-8")
        assert f"<!-- figures:{table.name} -->\n{table.text()}<!--" in page, "run `tables` of the benchmark"
