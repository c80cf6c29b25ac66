"""The documentation is a whole site: no broken link, no page that the menu lacks."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from required import missing

ROOT = Path(__file__).parents[2]


def build(root: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Builds the documentation that lies in a folder; with --quiet warnings would not count."""
    if importlib.util.find_spec("mkdocs") is None:
        missing("needs MkDocs: pip install '.[docs]'")
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--site-dir", str(site)],
        cwd=root, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_site_has_no_broken_link_and_no_page_missing_from_its_menu(tmp_path: Path) -> None:
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert len(pages) > 20
    loaded = [
        f"{page.relative_to(tmp_path)}: {address}"
        for page in pages
        for address in re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?:[^"]+)"', page.read_text("utf-8")
        )
        if 'rel="canonical"' not in address
    ]
    assert loaded == []  # readers may be offline


def test_a_broken_link_a_broken_anchor_and_an_orphan_fail_the_build(tmp_path: Path) -> None:
    copy = small_site(tmp_path)
    links = ("nowhere.md", "glossary.md#nothing-of-the-kind", "../gone.py")
    text = "\n".join(f"[gone]({link})" for link in links)
    (copy / "docs" / "index.md").write_text(f"# Home\n\n{text}\n")
    (copy / "docs" / "orphan.md").write_text("# Orphan\n")
    done = build(copy, tmp_path / "site")
    assert done.returncode != 0
    output = done.stdout + done.stderr
    for name in ("nowhere.md", "nothing-of-the-kind", "../gone.py", "orphan.md"):
        assert name in output
    assert "Aborted with 4 warnings in strict mode" in output


def small_site(folder: Path) -> Path:
    """A site of two pages with the settings of ours."""
    settings = (ROOT / "mkdocs.yml").read_text("utf-8").split("\nnav:\n")[0]
    root = folder / "copy"
    (root / "docs" / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "scripts" / "site_links.py", root / "docs" / "scripts")
    shutil.copy(ROOT / "docs" / "glossary.md", root / "docs")
    for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"):
        (root / name).write_text(f"# {name}\n")
    menu = ["index.md", "glossary.md", "repository/CHANGELOG.md"]
    menu += ["repository/CONTRIBUTING.md", "repository/SECURITY.md"]
    lines = "".join(f"  - {name}\n" for name in menu)
    (root / "mkdocs.yml").write_text(f"{settings}\nnav:\n{lines}")
    (root / "docs" / "index.md").write_text("# Home\n")
    return root
