"""Faults that the comparison must find: each is one line of the product, changed while it is imported.

`python -m tests.agreement --mutant NAME` runs the comparison on the changed product; it must find a difference.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault: in ``module``, the text ``old`` (which must stand there once) becomes ``new``."""

    module: str
    old: str
    new: str


MUTANTS = {
    "wrong-interval-bound": Mutant(
        "rolebook.decision.walk", "self.first <= position < self.last", "self.first <= position <= self.last"
    ),
    "ignored-end-date": Mutant(
        "rolebook.decision.evaluation",
        "if ends_at is not None and at >= ends_at:",
        "if ends_at is not None and at > ends_at:",
    ),
    "ignored-closing": Mutant(
        "rolebook.decision.evaluation",
        "if closed_at is not None and at >= closed_at",
        "if False and closed_at is not None and at >= closed_at",
    ),
    "starts-too-early": Mutant(
        "rolebook.decision.evaluation", 'return "not_started" if at < starts_at else None', "return None"
    ),
    "reach-forgotten": Mutant(
        "rolebook.decision.compiled",
        "if role.reach.scope != ORGANIZATION:\n        return replace(acts, everywhere=given)",
        "if True:\n        return replace(acts, everywhere=given)",
    ),
    "elsewhere-forgets-the-matrix": Mutant(
        "rolebook.decision.compiled",
        "elsewhere = given & _mask(role.reach.elsewhere, bits)",
        "elsewhere = _mask(role.reach.elsewhere, bits)",
    ),
    "mark-forgotten": Mutant(
        "rolebook.decision.walk", "if self.own_record and not own_record:", "if False and not own_record:"
    ),
    "siblings-by-prefix": Mutant(
        "rolebook.decision.tree",
        "tuple(last)",
        "tuple(end + any(n.startswith(ids[at]) and positions[n] >= end for n in kinds) for at, end in enumerate(last))",
    ),
    "closed-account-ignored": Mutant(
        "rolebook.decision.check", "if not person.active:", "if False and not person.active:"
    ),
    "walk-of-closed-accounts": Mutant(
        "rolebook.decision.search", "if position is None or not person.active:", "if position is None:"
    ),
    "missing-organization-counts": Mutant(
        "rolebook.decision.walk",
        'return "held_at_unknown_organization"',
        "return -1, len(tree)",
    ),
    "kind-ignored": Mutant("rolebook.decision.walk", "if role.kinds and tree", "if False and tree"),
    "access-never-ends": Mutant(
        "rolebook.decision.walk",
        "if why is None and (lost := lapse(",
        "if False and (lost := lapse(",
    ),
    "access-without-role": Mutant(
        "rolebook.decision.walk",
        "lapsed = lapse(holding.starts_at, holding.ends_at, holding.closed_at, at)\n    for access",
        "lapsed = None\n    for access",
    ),
    "snapshot-wrong-bound": Mutant(
        "rolebook.decision.fast",
        "position < high[code])\n                        or (flags & SAME",
        "position <= high[code])\n                        or (flags & SAME",
    ),
    "snapshot-takes-every-row-for-undated": Mutant(
        "rolebook.decision.fast", "(not cell & DATED and at_micros", "(at_micros"
    ),
    "snapshot-forgets-that-a-row-was-to-begin": Mutant(
        "rolebook.decision.fast", "not cell & DATED and at_micros >= settled", "not cell & DATED"
    ),
    "lead-knows-the-last-role-only": Mutant(
        "rolebook.decision.leads", "mask |= role_mask(code)", "mask = role_mask(code)"
    ),
    "lead-forgets-the-own-record": Mutant(
        "rolebook.decision.tables", "role_mask(code) if given else", "role_mask(code) if given & EXTENTS else"
    ),
    "snapshot-forgets-the-closing": Mutant(
        "rolebook.decision.columns", "            end = closed\n", "            end = end\n"
    ),
    "several-forgets-validity": Mutant(
        "rolebook.decision.several",
        "role >= FIRST_ROLE and tables.valid",
        "role >= FIRST_ROLE or tables.valid",
    ),
    "several-ends-too-late": Mutant(
        "rolebook.decision.several", "at_micros < cells[row + 2]", "at_micros <= cells[row + 2]"
    ),
    "several-takes-every-access-with-lower-levels": Mutant(
        "rolebook.decision.several", "high[code] if role == ACCESS_LOWER else GONE", "high[code]"
    ),
    "several-looks-only-where-a-role-is-held-that-reaches-everywhere": Mutant(
        "rolebook.decision.several", "if tables.everywhere[bits >> 1]:", "if False:"
    ),
    "several-takes-an-access-without-lower-levels-for-none": Mutant(
        "rolebook.decision.several", "max(first + 1, last)", "last"
    ),
    "several-ends-with-the-inner-of-two-intervals": Mutant(
        "rolebook.decision.several", "max(bounds[-1], last)", "last"
    ),
    "several-forgets-that-the-role-wants-no-lower-levels": Mutant(
        "rolebook.decision.several", "wanted & LOWER, position", "LOWER, position"
    ),
    "bulk-forgets-validity": Mutant(
        "rolebook.decision.bulk", "& (self._valid[keys] != 0)", "& (self._valid[keys] < 9)"
    ),
}


class _Mutating(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module with its text changed."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant
        self.path = ""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Step in for the mutant's module only."""
        if fullname != self.mutant.module:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert found is not None
        assert found.origin is not None
        self.path = found.origin
        return importlib.util.spec_from_loader(fullname, self, origin=found.origin)

    def exec_module(self, module: ModuleType) -> None:
        """Run the changed text."""
        text = Path(self.path).read_text(encoding="utf-8")
        assert text.count(self.mutant.old) == 1, (
            f"the mutant's line stands {text.count(self.mutant.old)} times"
        )
        exec(compile(text.replace(self.mutant.old, self.mutant.new), self.path, "exec"), module.__dict__)


def sabotage(name: str) -> None:
    """Change the product in this process; before anything of it is imported."""
    mutant = MUTANTS[name]
    assert mutant.module not in sys.modules, "the module was imported before it could be changed"
    sys.meta_path.insert(0, _Mutating(mutant))
