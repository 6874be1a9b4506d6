"""What the measuring scripts share: processes with their time and memory, medians in turn, the machine, tables.

Only small modules are imported here. The memory of a process that was just started counts from that of the one that
started it, so a large measuring process would be the smallest figure that it could ever find.
"""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata


class Measured:
    """A process that has ended: what it said, and what it and all that it waited for have used.

    The kernel adds up the processor time of a process and of every descendant that was waited for, and takes the
    largest memory that any of them had. `ritardo rate` works in a child of its own and waits for it, so both are of
    the worker.
    """

    def __init__(self, out, err, wall, used):
        self.out, self.err, self.wall = out, err, wall
        self.cpu, self.peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024

    def figures(self):
        return {"wall_s": self.wall, "cpu_s": self.cpu, "peak_mib": self.peak}


def run(command):
    """Runs a command to its end; one that fails ends the measuring."""
    # A file takes what is said there however much it is; two pipes could wait for each other.
    with tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, stderr=err)
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.stdout.close()
        process.returncode = os.waitstatus_to_exitcode(status)
        err.seek(0)
        said = err.read().decode(errors="replace")
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {process.returncode}\n{said}")
    return Measured(out.decode(), said, wall, used)


class Rival:
    """A command that is measured several times. `finds` gives its result, which must be the `wanted` one."""

    def __init__(self, name, command, finds=None, wanted=None):
        self.name, self.command, self.finds, self.wanted = name, command, finds, wanted
        self.runs = []

    def go(self, is_counted):
        measured = run(self.command)
        if self.finds and (found := self.finds(measured)) != self.wanted:
            sys.exit(f"{self.name} finds {found}, but {self.wanted} is known")
        if is_counted:
            self.runs.append(measured)

    def median(self, figure):
        return statistics.median(getattr(run, figure) for run in self.runs)

    def raw(self):
        return {"name": self.name, "runs": [run.figures() for run in self.runs]}


def in_turn(rivals, runs):
    """Runs A B C A B C, so that a slower minute of the machine is everybody's. The first turn warms the caches."""
    for turn in range(runs + 1):
        for number, rival in enumerate(rivals):
            # Where nobody watches, nothing is drawn.
            if sys.stderr.isatty():
                print(f"\r\033[K{turn}/{runs} {number + 1}/{len(rivals)} {rival.name}", end="\r", file=sys.stderr)
            rival.go(is_counted=turn > 0)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)


def table(heads, rows):
    """Prints Markdown. The first column is text, the others are numbers."""
    print(f"\n| {' | '.join(heads)} |\n|---|{'---:|' * (len(heads) - 1)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def machine():
    """What the figures are of."""
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    with open("/proc/meminfo") as file:
        memory = next(int(line.split()[1]) for line in file if line.startswith("MemTotal:"))
    return {
        "processor": models[0] if models else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory / (1 << 20), 1),
        "system": f"{platform.system()} {platform.release()}",
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }


def versions(program, packages):
    """Of the program and of what stands beside it; what is not installed is left out."""
    found = {"ritardo": run([program, "--version"]).out.split()[-1], "python": platform.python_version()}
    for package in packages:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            print(f"{package} is not installed, and left out", file=sys.stderr)
    return found


def heading(machine, versions):
    """One paragraph above the tables."""
    told = ", ".join(f"{name} {version}" for name, version in versions.items())
    size = f"{machine['processors']} processors, {machine['memory_gib']} GiB"
    print(f"{machine['processor']}, {size}, {machine['system']};\n{told}; {machine['date']}.")


def keep(path, what):
    """Writes all raw figures, where somebody wants them."""
    if path:
        path.write_text(json.dumps(what, indent=1) + "\n")
