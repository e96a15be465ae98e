"""Write the exact versions of `uv.lock` into `[tool.uv] constraint-dependencies` of pyproject.toml.

Only names and versions: the lock file itself records download addresses, so it is not kept. To move to newer versions,
run `uv lock --upgrade && uv run scripts/pin_versions.py`.
"""

import re
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Replace the table in place; a package locked at several versions (one per Python) is left to its bounds."""
    packages = tomllib.loads((ROOT / "uv.lock").read_text())["package"]
    times = Counter(package["name"] for package in packages)
    pins = sorted(
        f"{package['name']}=={package['version']}"
        for package in packages
        if times[package["name"]] == 1 and "registry" in package["source"]
    )
    table = "[tool.uv]\nconstraint-dependencies = [\n" + "".join(f'    "{pin}",\n' for pin in pins) + "]\n"
    path = ROOT / "pyproject.toml"
    old_table = r"\[tool\.uv\]\nconstraint-dependencies = \[\n.*?\n\]\n"
    text = re.sub(old_table, "", path.read_text(), flags=re.DOTALL).rstrip()
    path.write_text(f"{text}\n\n{table}")


if __name__ == "__main__":
    main()
