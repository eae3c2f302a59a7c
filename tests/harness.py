"""Builds a server that is written as an example, starts it, and waits until it listens."""
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def build(example, beside=()):
    """Builds an example, and says where it is. More may be built beside it."""
    # From the root and without `--package`: for a single package, cargo would choose other features, and compile again
    # what `cargo test` has compiled.
    subprocess.run(["cargo", "build", "--quiet", "--example", example, *beside], cwd=ROOT, check=True)
    metadata = subprocess.check_output(["cargo", "metadata", "--format-version=1", "--no-deps"], cwd=ROOT)
    target = re.search(rb'"target_directory":"([^"]+)"', metadata)[1].decode()
    return Path(target) / "debug/examples" / example


class Server:
    """An example that runs, and where it listens."""

    def __init__(self, command, **environment):
        self.process = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env=os.environ | {"NO_COLOR": "1"} | environment
        )
        for line in self.process.stderr:
            # Its first lines: `… listening on 127.0.0.1:4711: ws://…` or `… listening on unix:/tmp/…`.
            if found := re.search(r"listening on (unix:(?P<path>\S+)|\S+:(?P<port>\d+))", line):
                self.port, self.path = found["port"], found["path"]
                return
        sys.exit(f"{command} did not start")

    def stopped(self):
        """How it ended by itself, and what it said last."""
        try:
            _, said = self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "it still runs", ""
        return self.process.returncode, said
