"""Rehearse with every fault at once, for several seeds, and print what each came to.

`uv run python benchmarks/chaos_rehearsal.py [--seeds 3] [--leads 100]` exits 0 only if no check of any rehearsal failed. Long by
design: the tests hold the faults themselves and single crashes; this holds whole campaigns.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

LEADGEN = str(Path(sys.executable).with_name("leadgen"))
SHOWN = (
    "sent",
    "unknown_sends",
    "duplicate_sends",
    "lost_events",
    "false_qualified",
    "faults_injected",
    "wall_seconds",
)


def main() -> int:
    """Run the rehearsals one after the other; 0 where all of them passed."""
    parser = argparse.ArgumentParser(description="Rehearse with every fault at once.")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--leads", type=int, default=100)
    asked = parser.parse_args()
    failed = 0
    for seed in range(1, asked.seeds + 1):
        with tempfile.TemporaryDirectory() as home:
            command = [
                LEADGEN,
                "rehearse",
                "--json",
                "--faults",
                "chaos",
                "--seed",
                str(seed),
                "--leads",
                str(asked.leads),
            ]
            done = subprocess.run(
                command,
                env={"LEADGEN_HOME": home, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"},
                capture_output=True,
                text=True,
            )
        if not done.stdout:
            print(f"seed {seed}: {done.stderr.strip()}")
            failed += 1
            continue
        result = json.loads(done.stdout)
        broken = [check["name"] for check in result["checks"] if check["state"] == "failed"]
        failed += bool(broken)
        figures = ", ".join(f"{name} {result[name]}" for name in SHOWN)
        print(f"seed {seed}: {'failed ' + ', '.join(broken) if broken else 'passed'}; {figures}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
