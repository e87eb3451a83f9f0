"""The course as notebooks: all valid, with links that lead somewhere; one is run, and prints what its page says."""

import errno
import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from nbclient import NotebookClient

from lessons import notebooks, sync
from lessons.conftest import compare
from lessons.notebooks import MARK, blocks, main, unfolded
from lessons.sync import BLOCK
from minunet.files import locked

WITH_BLOCKS = [path for path in sync.pages() if any(blocks(path))]


@pytest.fixture(scope="module")
def out(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("notebooks")
    assert main([str(out)]) == 0
    return out


def sources(path: Path, kind: str) -> list[str]:
    """The cells of a notebook."""
    return [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def test_each_page_with_blocks_is_a_notebook(out):
    assert {path.stem for path in out.glob("*.ipynb")} == {path.stem for path in WITH_BLOCKS}
    assert {path.name for path in sync.lessons()} <= {path.name for path in WITH_BLOCKS}


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.stem)
def test_a_notebook_holds_what_the_page_holds(out, page):
    book = out / f"{page.stem}.ipynb"
    nbformat.validate(nbformat.read(book, as_version=4))
    text = page.read_text(encoding="utf-8")
    first, *cells = sources(book, "code")
    assert page.name in first and "activate" in first
    for cell, match in zip(cells, blocks(page), strict=True):
        shell = re.match(r"%%bash (-e|--no-raise-error)\n", cell)
        assert (shell is not None) == (match["language"] == "sh")
        assert cell[shell.end() if shell else 0 :].split() == match["code"].split()
    prose = "\n".join(sources(book, "markdown"))
    assert prose.startswith("# ") and "```math" not in prose and "<!--" not in prose
    assert len(re.findall(r"^\$\$", prose, re.MULTILINE)) == 2 * text.count("```math")
    assert prose.count("<summary>What it should print") == sum(match["printed"] is not None for match in blocks(page))
    for excerpt in sync.excerpts(page):
        assert f"```python\n{excerpt.code}```" in prose and f"{sync.source_file(excerpt.module).name}`]" in prose


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.stem)
def test_links_and_figures_lead_somewhere(out, page):
    prose = "\n".join(sources(out / f"{page.stem}.ipynb", "markdown"))
    links = re.findall(r"\]\(([^)\s]+)\)", prose)
    assert len(links) >= len(re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")))
    for link in [unquote(each) for each in links if not each.startswith("http")]:
        path, _, anchor = link.partition("#")
        target = out / path if path else out / f"{page.stem}.ipynb"
        assert target.exists(), link
        if anchor and target.suffix == ".ipynb":  # where Jupyter looks: the words of the heading
            headings = re.findall(r"^#+ (.*)$", "\n".join(sources(target, "markdown")), re.MULTILINE)
            assert anchor in [re.sub(r"[`*]", "", each).replace(" ", "-") for each in headings], link


def test_a_notebook_runs_and_prints_what_the_page_says(out, tmp_path, monkeypatch):
    """From a folder outside the clone: its first cell finds the way."""
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    book = nbformat.read(out / "03-convolution.ipynb", as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(out)}}).execute()
    first, *cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert first.outputs == []
    page = next(path for path in WITH_BLOCKS if path.stem == "03-convolution")
    for cell, match in zip(cells, blocks(page), strict=True):
        outputs = [each for each in cell.outputs if each.get("name") == "stdout"]
        assert compare(match["printed"], "".join(each.text for each in outputs)) is None
    assert sum(match["printed"] is not None for match in blocks(page)) >= 3


def test_notebooks_are_written_anew_but_never_over_a_change(out, tmp_path, capsys):
    folder = tmp_path / "books"
    assert main([str(folder)]) == 0
    assert "`pip install jupyterlab`, then `jupyter lab`" in capsys.readouterr().out
    book, old = folder / "03-convolution.ipynb", folder / "99-old.ipynb"
    before = book.read_bytes()
    assert main([str(folder)]) == 0 and book.read_bytes() == before
    book.write_bytes(before + b"\n")
    assert main([str(folder)]) == 2
    assert f"{book} was changed since it was written" in capsys.readouterr().err
    assert book.read_bytes() == before + b"\n"
    book.unlink()
    old.write_text("old")
    digest = notebooks._digest(b"old")
    (folder / MARK).write_text((folder / MARK).read_text().replace("{", f'{{"{old.name}": "{digest}",'))
    assert main([str(folder)]) == 0 and book.read_bytes() == before and not old.exists()


@pytest.mark.parametrize(
    ("error", "ends"), [((KeyboardInterrupt,), 130), ((OSError, errno.ENOSPC, os.strerror(errno.ENOSPC)), 2)]
)
@pytest.mark.parametrize("again", [False, True])
def test_what_was_stopped_or_met_a_full_disk_goes_on(tmp_path, monkeypatch, capsys, error, ends, again):
    """At whatever file, in a new folder and in one of an earlier time, after a page and a figure have changed."""
    page, figure = tmp_path / "README.md", tmp_path / "a.png"
    monkeypatch.setattr(notebooks, "pages", lambda: [page])
    whole, out, text = os.fsync, tmp_path / "out", "# {}\n\n![a](a.png)\n\n```python\n1\n```\n"

    def write(content: str) -> None:
        page.write_text(text.format(content), encoding="utf-8")
        figure.write_bytes(content.encode())

    for stop in range(6):
        if again:
            write("earlier")
            assert main([str(out)]) == 0
        write(f"stopped {stop}")
        calls = itertools.count()

        def stopping(handle: int, calls=calls, stop=stop) -> None:
            if next(calls) == stop:
                raise error[0](*error[1:])
            whole(handle)

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", stopping)
            status = main([str(out)])
        said = capsys.readouterr().err
        if next(calls) <= stop:
            assert status == 0 and stop >= 4
            break
        assert status == ends
        if status == 2:
            assert re.fullmatch(rf"minunet: {out}/\S+: No space left on device\n", said)
        write("later")
        assert main([str(out)]) == 0
        assert "# later" in (out / "README.ipynb").read_text() and (out / "figures" / "a.png").read_bytes() == b"later"
        assert {path.name for path in out.rglob("*")} == {MARK, "README.ipynb", "figures", "a.png"}
        (out / "README.ipynb").write_text("mine")  # which is still not overwritten
        assert main([str(out)]) == 2 and "was changed since" in capsys.readouterr().err
        shutil.rmtree(out)
    else:
        pytest.fail("it was always stopped")


def test_a_folder_with_half_a_file_of_one_that_was_killed_is_gone_on_with(tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    (out / ".0123abcd.unfinished").write_text("half")
    os.utime(out / ".0123abcd.unfinished", (0, 0))
    assert main([str(out)]) == 0 and not list(out.glob("*.unfinished"))
    with locked(out):
        assert main([str(out)]) == 2
    assert "Another command is working in" in capsys.readouterr().err


def test_figures_are_not_written_through_a_link(tmp_path, capsys):
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    assert main([str(out)]) == 0
    (out / "figures").rename(elsewhere)
    for path in elsewhere.iterdir():
        path.write_bytes(b"mine")
    (out / "figures").symlink_to(elsewhere)
    assert main([str(out)]) == 2
    assert f"{out / 'figures'} is a link to another folder" in capsys.readouterr().err
    assert all(path.read_bytes() == b"mine" for path in elsewhere.iterdir())


def test_bad_folders(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main([str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert main([str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert main([str(sync.LESSONS / "books")]) == 2
    assert "among the lessons" in capsys.readouterr().err
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / MARK).write_text("no list")
    assert main([str(tmp_path / "broken")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine" and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(
    ("link", "sentence"), [("nowhere.md", "leads nowhere"), ("README.md#no", "README.md has no heading #no")]
)
def test_a_link_that_leads_nowhere_is_a_sentence(tmp_path, monkeypatch, capsys, link, sentence):
    (tmp_path / "README.md").write_text(f"# T\n\n[a]({link})\n\n```python\n1\n```\n", encoding="utf-8")
    monkeypatch.setattr(notebooks, "pages", lambda: [tmp_path / "README.md"])
    assert main([str(tmp_path / "out")]) == 2
    assert sentence in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_a_caption_says_which_lines(tmp_path):
    folder = notebooks.Folder(tmp_path)
    marks = ("lessons.sync:ROOT", "lessons.sync:find", "lessons.sync:find no-docstring")
    one, all_lines, bare = (
        folder.linked(f"<!-- source: {mark} -->\n", sync.LESSONS / "01-tensors.md") for mark in marks
    )
    assert re.search(r"^\[`lessons/sync.py`\]\([^)]+\), line \d+:\n\n$", one)
    assert re.search(r", lines \d+ to \d+:\n\n$", all_lines)
    assert bare == all_lines.replace(":\n", ", without its docstring:\n")


def test_a_fold_with_a_block_that_runs_is_opened():
    fold = "<details><summary>Why</summary>\n\n{}\n\n</details>\n"
    block = "```python\n1\n```"
    assert BLOCK.search(block) is not None
    assert unfolded(fold.format("words")) == fold.format("words")
    opened = unfolded(fold.format(block))
    assert "details" not in opened and opened.startswith("**Why**\n") and block in opened


def test_without_nbformat_there_is_a_sentence():
    code = "import sys; sys.modules['nbformat'] = None; import lessons.notebooks"
    result = subprocess.run([sys.executable, "-c", code], cwd=sync.ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "minunet: the notebooks need nbformat: pip install -e '.[course]'\n"
