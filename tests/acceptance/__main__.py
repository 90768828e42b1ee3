"""Prints what the tests prove, as Markdown; with ids, those only; with `write`, writes docs/acceptance.md."""

import sys

from tests.acceptance.marks import TESTS, proofs
from tests.acceptance.page import PAGE, write_page


def main() -> int:
    """Print the table; leave with 1 when an id has no test. Or write the report."""
    if sys.argv[1:] == ["write"]:
        write_page()
        print(f"written: {PAGE.relative_to(TESTS.parent)}")
        return 0
    found = proofs()
    known = (TESTS / "requirement_ids.txt").read_text(encoding="utf-8").split()
    laws = [f"I{number}" for number in range(1, 15)]
    faults = [str(number) for number in range(1, 61)]
    asked = sys.argv[1:] or [*known, *laws, *faults]
    for one in asked:
        tests = found.get(one, [])
        print(f"\n## {one}\n" if tests else f"\n## {one}\n\nNo test names it.")
        for test in tests:
            print(f"- {test.sentence} (`tests/{test.file}`)")
    return 0 if all(found.get(one) for one in asked) else 1


if __name__ == "__main__":
    sys.exit(main())
