"""Rolebook runs the access of a program: who may ask for which role, who decides, and what follows from it.

`policy` says what a program's rolebook says, `decision` what follows from it for a person, here and now, and
`governance` how the facts come to be. The first two are a library of their own, usable without Django:

    from rolebook import load

    load("qpp").check(...)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolebook.decision.library import load

__version__ = "0.1.0"
__all__ = ["__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import `load` on first use, so that `import rolebook` costs nothing where only the version is asked."""
    if name == "load":
        from rolebook.decision.library import load

        return load
    raise AttributeError(f"module 'rolebook' has no attribute {name!r}")
