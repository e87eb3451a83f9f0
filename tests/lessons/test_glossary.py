"""Every term of the glossary is explained where it first occurs."""

import re

import pytest

from lessons import sync

ROW = re.compile(r"^\| \*([^*]+)\* \| [^|]+ \| \[[^\]]+\]\(([\w.-]+)\) \|$", re.MULTILINE)
TERMS = ROW.findall((sync.LESSONS / "glossary.md").read_text(encoding="utf-8"))
PAGES = [path for path in sync.pages() if path.name not in ("course.md", "glossary.md", "cheat-sheet.md")]


def prose(text: str) -> str:
    """A page without code, formulas, pictures, headings, the addresses of links, and what follows the exercises."""
    text = text.partition("\n## Further reading")[0]
    text = re.sub(r"^```.*?^```|<details>.*?</details>|<!--.*?-->", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)|^#.*$|`[^`]*`|\$[^$]*\$", "", text, flags=re.MULTILINE)
    text = re.sub(
        r"^- \*\*(The question|Before this|Open beside it|Time):\*\*.*?(?=^- |^\n)", "", text, flags=re.M | re.S
    )
    return " ".join(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).split())


def test_the_glossary_is_in_order():
    names = [name.lower() for name, _ in TERMS]
    assert len(names) > 40 and names == sorted(names)
    assert len(names) == len((sync.LESSONS / "glossary.md").read_text(encoding="utf-8").splitlines()) - 6


@pytest.mark.parametrize(("term", "page"), TERMS)
def test_a_term_is_explained_where_it_first_occurs(term, page):
    """In italics, on the page that the glossary names."""
    anywhere = re.compile(rf"(\*?)\b{re.escape(term)}(?:s|es)?\b", re.IGNORECASE)
    first = next(
        (path.name, found[1] == "*") for path in PAGES if (found := anywhere.search(prose(path.read_text("utf-8"))))
    )
    assert first == (page, True)
