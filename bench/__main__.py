"""Runs the benchmarks: all, or those that are named."""

import importlib
import pkgutil
import sys
from collections.abc import Sequence

import bench

PREFIX = "bench_"


def main(asked: Sequence[str]) -> int:
    """Run the benchmarks in `asked`, or all when it is empty; return the exit code."""
    known = sorted(
        module.name.removeprefix(PREFIX)
        for module in pkgutil.iter_modules(bench.__path__)
        if module.name.startswith(PREFIX)
    )
    unknown = [name for name in asked if name not in known]
    if unknown:
        print(
            f"no such benchmark: {', '.join(map(repr, unknown))} (there are: {', '.join(known)})",
            file=sys.stderr,
        )
        return 2
    for name in asked or known:
        print(f"== {name}")
        importlib.import_module(f"bench.{PREFIX}{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
