"""How long `komainu ... --help` takes, beside an interpreter that does nothing: medians of interleaved runs.

python -m bench.startup [rounds]
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

BARE = "python -c pass"
HELP = [
    ["--help"],
    *([*verb.split(), "--help"] for verb in ("run", "plan", "serve", "chat", "eval run", "eval score", "eval board")),
]


def main(rounds: int) -> None:
    commands = {BARE: ["-c", "pass"]}
    commands |= {f"komainu {' '.join(words)}": ["-m", "komainu.cli", *words] for words in HELP}
    took: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, words in commands.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, *words], check=True, capture_output=True)
            took[name].append(1000 * (time.perf_counter() - started))
    print("| command | median, ms | least, ms | most, ms |\n|---|---|---|---|")
    for name, some in took.items():
        print(f"| `{name}` | {median(some):.0f} | {min(some):.0f} | {max(some):.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
