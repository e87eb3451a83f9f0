"""The pages of the course: in step with the source, links that lead somewhere, every function of the layers shown."""

import ast
import re

import pytest

from lessons import sync
from lessons.check.registry import EXERCISES
from lessons.sync import BLOCK, anchor_of

PAGES = sync.pages()
NOT_RUN = 0  # blocks that do not run here, each with its reason on the page
PARTS = ("Try", "Exercises", "Further reading")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_excerpts_are_as_in_the_source(page):
    assert [f"{each.module}:{each.name}" for each in sync.excerpts(page) if each.code != each.source()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page):
    """Files exist, and a part of a page that is linked to is a heading of it."""
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            assert target.exists(), link
            assert not anchor or anchor in anchors(target.read_text(encoding="utf-8")), link


def anchors(text: str) -> set[str]:
    """What GitHub calls the headings of a page."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {anchor_of(heading) for heading in headings}


@pytest.mark.parametrize("page", sync.lessons(), ids=lambda page: page.stem)
def test_a_lesson_has_all_its_parts(page):
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {int(page.name[:2])}. ")
    for part in ("**The question:**", "**Before this:**", "**Open beside it:**", "**Time:**"):
        assert part in text, part
    for part in PARTS:
        assert re.search(rf"^## {part}$", text, re.MULTILINE), part
    assert re.search(r"!\[[^\]]+\]\(figures/\w+\.png\)", text), "a figure, with words for those who cannot see it"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_block_is_known(page):
    """Of four languages, with nothing after the language; Python and shell run or are pulled, text is compared."""
    text = page.read_text(encoding="utf-8")
    fences = re.findall(r"^[ >]*(?:```|~~~)(.*)$", text, flags=re.MULTILINE)
    assert len(fences) % 2 == 0 and set(fences[1::2]) <= {""}
    assert set(fences[::2]) <= {"python", "sh", "text", "math"}
    seen = [(match["language"], match["printed"]) for match in BLOCK.finditer(text)]
    assert len(seen) == fences.count("python") + fences.count("sh")
    assert sum(printed is not None for _, printed in seen) == fences.count("text")
    marks = re.findall(r"<!--.*?-->", text, flags=re.DOTALL)
    assert [mark for mark in marks if not re.fullmatch(r"<!-- (source|not run|live): [^\n]+ -->", mark)] == []
    pulled = [match["mark"] for match in BLOCK.finditer(text) if match["mark"]]
    assert len(pulled) + len(sync.LIVE.findall(text)) == len(marks)
    assert len(list(sync.excerpts(page))) == text.count("<!-- source:")


def test_few_blocks_are_not_run():
    marks = [re.findall(r"<!-- not run: (.*?) -->", page.read_text(encoding="utf-8")) for page in PAGES]
    assert sum(map(len, marks)) == NOT_RUN


def defined(module: str) -> set[str]:
    """The functions of a module, and the methods of its classes."""
    body = ast.parse(sync.source_file(module).read_text(encoding="utf-8")).body
    names = {node.name for node in body if isinstance(node, ast.FunctionDef)}
    for node in body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return names


MODULES = [f"minunet.layers.{path.stem}" for path in sorted((sync.ROOT / "minunet/layers").glob("[a-z]*.py"))]


@pytest.mark.parametrize("module", [*MODULES, "minunet.blocks", "minunet.unet"])
def test_every_function_is_shown_in_a_lesson(module):
    """By itself, or as part of its class."""
    shown = {each.name for page in PAGES for each in sync.excerpts(page) if each.module == module}
    assert {name for name in defined(module) if name not in shown and name.split(".")[0] not in shown} == set()


def test_lesson_10_shows_the_training_loop_whole_and_it_is_short():
    page = next(page for page in PAGES if page.name.startswith("10-"))
    shown = [each for each in sync.excerpts(page) if (each.module, each.name) == ("minunet.train.loop", "fit")]
    assert len(shown) == 1 and len(shown[0].source().splitlines()) <= 40


def test_drift_is_found_and_mended(tmp_path, monkeypatch, capsys):
    page = tmp_path / "README.md"
    block = "<!-- source: minunet.layers.relu:relu -->\n```python\ndef relu(x): ...\n```\n"
    page.write_text(f"before\n\n{block}\nafter\n", encoding="utf-8")
    monkeypatch.setattr(sync, "pages", lambda: [page])
    assert sync.main(["--check"]) == 1
    assert "minunet.layers.relu:relu is not as in the source" in capsys.readouterr().out
    assert sync.main([]) == 0 and sync.main(["--check"]) == 0
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n") and text.endswith("\nafter\n")
    assert sync.source_of("minunet.layers.relu", "relu") in text


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("minunet.layers.relu:nothing", "has no nothing"), ("minunet.nowhere:x", "no module minunet.nowhere")],
)
def test_names_that_are_not_there(name, sentence, tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text(f"<!-- source: {name} -->\n```python\n```\n", encoding="utf-8")
    monkeypatch.setattr(sync, "pages", lambda: [tmp_path / "README.md"])
    assert sync.main(["--check"]) == 2
    assert sentence in capsys.readouterr().err


def test_a_mark_without_a_block(tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text("<!-- source: minunet.layers.relu:relu -->\nno block\n", encoding="utf-8")
    monkeypatch.setattr(sync, "pages", lambda: [tmp_path / "README.md"])
    assert sync.main([]) == 2
    assert "no block of Python follows" in capsys.readouterr().err


def test_constants_methods_and_bare_functions():
    assert sync.source_of("minunet.unet", "UNet.shapes").startswith("def shapes(self)")
    assert sync.source_of("lessons.sync", "ROOT") == "ROOT = LESSONS.parent\n"
    bare = sync.source_of("minunet.layers.relu", "relu", bare=True)
    assert '"""' not in bare and bare.startswith("def relu(") and "return" in bare
    assert sync.source_of("minunet.blocks", "DoubleConv").startswith("@dataclass")


def test_the_map_names_every_file():
    """In the table of the course's README: each file of the project is explained somewhere."""
    text = (sync.LESSONS / "course.md").read_text(encoding="utf-8").split("## Which lesson explains which file")[1]
    root = sync.ROOT / "minunet"
    files = [path.relative_to(root) for path in root.rglob("*") if path.suffix in (".py", ".cu")]
    names = [path.name if path.parts[0] == "gpu" else path.as_posix() for path in files]
    missing = [name for name in names if f"`{name}`" not in text and not name.endswith("__init__.py")]
    assert missing == []


def test_the_map_says_of_each_lesson_what_the_lesson_says():
    text = (sync.LESSONS / "course.md").read_text(encoding="utf-8")
    for page in sync.lessons():
        lesson = int(page.name[:2])
        row = next(line for line in text.splitlines() if line.startswith(f"| {lesson} | [")).split("|")
        assert f"({page.name})" in row[2]
        minutes = re.search(r"\*\*Time:\*\* (\d+) minutes", page.read_text(encoding="utf-8"))
        assert minutes is not None and row[3].strip() == minutes[1], page.name
        before = re.search(r"- \*\*Before this:\*\*(.*?)\n- \*\*", page.read_text(encoding="utf-8"), re.DOTALL)
        assert before is not None
        needs = sorted({int(number) for number in re.findall(r"\]\((\d\d)-", before[1])})
        assert row[4].strip() == ", ".join(map(str, needs)), page.name
        assert row[5].strip() == str(sum(exercise.lesson == lesson for exercise in EXERCISES)), page.name
