"""`python -m lessons.site` without a browser: what it reads, what it writes, and what it refuses."""

import html
import re
import shutil

import pytest
from PIL import Image

from lessons import sync
from lessons.site import __main__ as site_command
from lessons.site import build, markdown
from lessons.site.__main__ import main
from lessons.site.code import coloured, in_line
from lessons.site.markdown import read_page
from lessons.site.maths import as_display, as_maths, in_text
from lessons.site.tables import finished_table
from minunet.errors import InputError
from tests.lessons.conftest import PAGES


def test_all_links_lead_somewhere(site):
    """Also those of the pages of source files: every file is there, and in it every anchor."""
    text = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    anchors = {name: set(re.findall(r'(?:id|name)="([^"]+)"', page)) for name, page in text.items()}
    for name, page in text.items():
        for link in re.findall(r'(?:href|src)="([^"]+)"', page):
            if not link.startswith(("http", "data:")):
                file, _, anchor = link.partition("#")
                assert (site / (file or name)).exists(), (name, link)
                assert not anchor or anchor in anchors[file or name], (name, link)


def test_a_formula_that_cannot_be_read_is_an_error():
    assert as_maths(r"\begin{pmatrix} a \end{pmatrix}", display=True).count("<mrow>") == 2  # brackets of its own
    assert "<mrow><mi>s</mi><mo" in as_maths("s''", display=False)  # primes are not raised twice
    assert "mfrac" in as_maths(r"\frac{a}{b}", display=True)
    assert "mtable" in as_maths(r"\begin{aligned} a &= b \\ c &= d \end{aligned}", display=True)
    for formula in (
        r"\left( a",
        r"\nosuchthing{a}",
        "a & b",
        r"\text{a<b}",
        r"\textbf{a<b}",
        r"\textrm{a & b}",
        r"\mbox{<b>}",
    ):
        with pytest.raises(InputError, match="cannot be drawn"):
            as_maths(formula, display=True)


def test_blocks_of_a_page(tmp_path):
    """Formulas in lists, money, excerpts one after the other, figures and headings in a fold."""
    page = tmp_path / "page.md"
    page.write_text(
        "# 1. Title\n\nFrom $5 to $6, and $x_1$.\n\n- a\n\n  ```math\n  \\frac{a}{b}\n  ```\n\n"
        "<!-- source: minunet.layers.relu:relu -->\n```python\nx\n```\n\n"
        "<!-- source: minunet.layers.relu:relu_backward -->\n```python\ny\n```\n\n"
        "<details><summary>s</summary>\n\n## Inside\n\n![p](figures/a.png)\n\n</details>\n",
        encoding="utf-8",
    )
    read = read_page(page, lambda target: target, lambda path, line: f"{path.name}#{line}")
    assert read.title == "1. Title"
    assert [(len(row.right), row.wide) for row in read.rows] == [(2, False), (0, False)]
    left = "".join(read.rows[0].left)
    assert "$5 to $6" in left and left.count("<math") == 2 and "mfrac" in left
    fold = "".join(read.rows[1].left)
    assert fold.index("<details") < fold.index("Inside") < fold.index("<img") < fold.index("</details>")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[a](nowhere.md)", "leads nowhere"),
        ("```mermaid\n```", "unknown language 'mermaid'"),
        ("$\\left( a$", "cannot be drawn"),
    ],
)
def test_what_is_wrong_with_a_page_is_a_sentence(tmp_path, monkeypatch, capsys, text, sentence):
    (tmp_path / "README.md").write_text(f"# T\n\n{text}\n", encoding="utf-8")
    monkeypatch.setattr(site_command, "pages", lambda: [tmp_path / "README.md"])
    assert main(["--out", str(tmp_path / "out")]) == 2
    assert "README.md: " in (said := capsys.readouterr().err) and sentence in said


def test_a_site_is_made_anew(site, tmp_path, monkeypatch):
    monkeypatch.setattr(site_command, "pages", lambda: sync.pages()[:2])
    out = shutil.copytree(site, tmp_path / "site")
    assert (out / "cheat-sheet.html").exists()
    assert main(["--out", str(out)]) == 0
    assert not (out / "cheat-sheet.html").exists() and (out / "index.html").exists()
    assert main(["--out", str(sync.LESSONS / "site")]) == 2


def test_a_site_is_written_whole_or_not_at_all(tmp_path, monkeypatch, capsys):
    """Also where what is wrong is found late, on a page that is linked to: it is named, and the old site stays."""
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(site_command, "pages", lambda: [tmp_path / "README.md"])
    (tmp_path / "README.md").write_text("# T\n\n[a](other.md)\n", encoding="utf-8")
    (tmp_path / "other.md").write_text("# O\n", encoding="utf-8")
    out = tmp_path / "new" / "site"
    assert main(["--out", str(out)]) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert out / "source.other.md.html" in before
    (tmp_path / "other.md").write_text("# O\n\n[a](nowhere.md)\n", encoding="utf-8")
    assert main(["--out", str(out)]) == 2
    assert f"{tmp_path / 'other.md'}: the link nowhere.md leads nowhere" in capsys.readouterr().err
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert [path.name for path in out.parent.iterdir()] == ["site"]


def test_what_others_put_into_the_folder_is_not_lost(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(site_command, "pages", lambda: sync.pages()[-1:])
    out = tmp_path / "site"
    assert main(["--out", str(out)]) == main(["--out", str(out)]) == 0
    (out / "blog").mkdir()
    (out / "blog" / "post.html").write_text("mine")
    assert main(["--out", str(out)]) == 2
    assert "holds more than an earlier site, blog/post.html" in capsys.readouterr().err
    assert (out / "blog" / "post.html").read_text() == "mine"


def test_a_folder_is_not_taken_from_under_ones_feet(tmp_path, monkeypatch, capsys):
    (tmp_path / "here" / "deeper").mkdir(parents=True)
    for start, out in (("here", "."), ("here/deeper", "..")):
        monkeypatch.chdir(tmp_path / start)
        assert main(["--out", out]) == 2
        assert f"{out} is where you are: go to the folder above and give --out here." in capsys.readouterr().err
    assert (tmp_path / "here").is_dir()


def test_bad_folders(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    assert main(["--out", str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err
    assert main(["--out", str(tmp_path)]) == 2
    assert "holds something else" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine" and len(list(tmp_path.iterdir())) == 1


def test_long_formulas_may_break_at_relations_signs_and_factors():
    short, long = in_text("P = 1"), in_text("a_1 + b_1 + c_1 + d_1 + e_1 + f_1 + g_1 + h_1 + i_1 + j_1 = x")
    assert short.count("<math") == 1 and long.count("<wbr>") == 10
    drawn = as_display(r"y = a + (b - c) \, d = -e \qquad z = 1")
    assert drawn.count('class="part') == 3 and drawn.count("gap") == 1  # y = a + ..., = -e, z = 1
    assert re.findall(r'<wbr><math displaystyle="true"><mrow><mo[^>]*>(.)</mo>', drawn) == ["=", "+", "="]
    lines = as_display(r"\begin{aligned} a &= b \\ c &= d = e \end{aligned}")
    assert lines.startswith('<div class="formula aligned">') and lines.count("<div>") == 4
    assert "+=" in as_display(r"x \mathrel{+=} 1")


def test_code_wraps_under_its_beginning_and_is_the_same_text():
    code = 'def f():\n    """One\n    and two."""\n\n    return "&lt;"\n'
    drawn = coloured(code, "python")
    assert drawn.count('class="line"') == 5 and drawn.count("--in:4") == 3 and 'class="block input"' in drawn
    assert html.unescape(re.sub("<[^>]+>", "", drawn)) == code + "\n"
    assert 'class="block output"' in coloured("1\n", "text")


def test_code_in_a_line_ends_at_spaces_and_slashes():
    assert in_line("python --pdf") == '<code><span class="keep">python</span> <span class="keep">--pdf</span></code>'
    assert [in_line(code).count("<wbr>") for code in ("a/b/c.py", "a / b", "a//b", "/a")] == [2, 0, 0, 0]
    assert "&lt;b&gt;" in in_line("a/<b>")
    assert in_line("x" * 40) == f"<code>{'x' * 40}</code>"
    assert re.findall('keep">([^<]*)', coloured("tool-x --dist a -n 2\n", "sh")) == ["--dist", "-n"]


def test_text_in_columns_scrolls():
    columns = "a  b\nc  d\n"
    assert coloured(columns, "text").startswith('<div class="table columns"><div class="block output"')
    assert 'columns broad"' in coloured(columns + "x" * 121, "text")
    assert "columns" not in coloured("a  b\n", "text") + coloured(columns, "python")


def test_the_search_reads_words(tmp_path):
    """No TeX; of a glossary each term, with a place to lead to, and without the page that it is first on."""
    (tmp_path / "page.md").write_text(
        "# T\n\nThe $y$ of $\\frac{a}{b}$ and `c`.\n\n```math\n\\sum\n```\n\n"
        "|term|what|first in|\n|---|---|---|\n|*IoU*|A ratio $x_1$.|[9](nine.md)|\n"
        "|*max-pooling*|The largest.|[4](four.md)|\n",
        encoding="utf-8",
    )
    page = read_page(tmp_path / "page.md", lambda target: target, lambda path, line: "")
    assert page.parts == [
        ("t", "T", "The y of ... and c."),
        ("term-iou", "IoU", "A ratio ...."),
        ("term-max-pooling", "max-pooling", "The largest."),
    ]
    assert '<tr id="term-iou">' in page.rows[-1].html()


def test_every_page_has_an_icon_a_description_and_a_picture(site):
    """And all that it needs lies in the folder."""
    descriptions = set()
    for name in PAGES:
        page = (site / name).read_text(encoding="utf-8")
        meta = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]+)">', page))
        assert meta["description"] == meta["og:description"] and len(meta["description"]) > 20
        assert (site / meta["og:image"]).is_file() and 'rel="icon" href="icon.svg"' in page
        assert not re.search(r'(?:src|srcset|href)="(?:https?:)?//[^"]*\.(?:js|css|png|svg|woff2?)"', page)
        descriptions.add(meta["description"])
    assert len(descriptions) == len(PAGES)


def test_a_narrow_drawing_is_shown_on_phones(tmp_path, monkeypatch):
    (tmp_path / "figures").mkdir()
    for name, width in (("wide.png", 20), ("wide.narrow.png", 5), ("one.png", 7)):
        Image.new("RGB", (width, 4)).save(tmp_path / "figures" / name)
    monkeypatch.setattr(markdown, "LESSONS", tmp_path)
    (tmp_path / "page.md").write_text("# T\n\n![w](figures/wide.png)\n\n![o](figures/one.png)\n", encoding="utf-8")
    page = read_page(tmp_path / "page.md", lambda target: target, lambda path, line: "")
    drawn = "".join(row.html() for row in page.rows)
    assert '<source media="(max-width: 30rem)" srcset="figures/wide.narrow.png" width="5" height="4">' in drawn
    assert drawn.count("<source") == 1 and '<img src="figures/one.png" alt="o" width="7" height="4">' in drawn
    assert page.picture == "figures/wide.png"


def test_the_command_says_how_to_open_it(tmp_path, monkeypatch, capsys):
    (tmp_path / "README.md").write_text("# T\n\nA page.\n", encoding="utf-8")
    monkeypatch.setattr(site_command, "pages", lambda: [tmp_path / "README.md"])
    assert main(["--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "double click" in said and (tmp_path / "out" / "index.html").as_uri() in said and "http.server" in said
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "from a fresh clone" in (said := capsys.readouterr().out) and "--pdf [FILE]" in said


def test_a_table_of_formulas_is_told_row_by_row_on_a_phone():
    maths = in_text("O_H = S (H - 1) + K_H")
    head, row = "<thead><tr><th></th><th><code>a</code></th></tr></thead>", f"<tr><td>x</td><td>{maths}</td></tr>"
    drawn = finished_table(f"<table>{head}<tbody>{row}</tbody></table>")
    assert 'class="table by-row"' in drawn and "<th></th>" not in drawn
    assert f'<td data-label="">x</td><td data-label="a">{maths}</td>' in drawn
    assert 'class="table"' in finished_table(f"<table>{head}<tbody><tr><td>x</td></tr></tbody></table>")
