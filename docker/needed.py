"""Print what a project needs, of its pyproject.toml: `needed.py pyproject.toml [EXTRA ...]`."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["project"]
needed = list(project["dependencies"])
for name in " ".join(sys.argv[2:]).split():
    needed += project["optional-dependencies"][name]
sys.stdout.write("\n".join(needed) + "\n")
