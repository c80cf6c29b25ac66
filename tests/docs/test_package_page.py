"""The text of the package's page has no address that leads nowhere."""

import importlib.util
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_packages_page_is_the_readme_without_pictures_and_links_of_a_clone() -> None:
    spec = importlib.util.spec_from_file_location("setup_script", ROOT / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    text = script.long_description(readme)
    targets = re.findall(r"\]\(([^)]*)\)", text)
    assert targets
    assert all(each.startswith("https://") for each in targets)
    assert "![" not in text
    assert "Tutorial, from the installation to the region of your own network" in text
    assert re.findall(r"(?ms)^```.*?^```", text) == re.findall(r"(?ms)^```.*?^```", readme)
