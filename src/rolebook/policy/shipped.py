"""The rolebooks that come with the product: their names and folders."""

from pathlib import Path

from rolebook.policy.errors import RolebookError, RolebookErrors, say


def rolebooks_folder() -> Path:
    """The folder with the shipped rolebooks: in the package when installed, at the top of a checkout
    otherwise.
    """
    package = Path(__file__).resolve().parents[1]
    installed = package / "rolebooks"
    return installed if installed.is_dir() else package.parents[1] / "rolebooks"


def shipped() -> tuple[str, ...]:
    """The names of the shipped rolebooks, sorted."""
    return tuple(sorted(path.parent.name for path in rolebooks_folder().glob("*/rolebook.yaml")))


def shipped_folder(name: str) -> Path:
    """The folder of a shipped rolebook. Raises RolebookErrors when there is none of that name."""
    if name not in shipped():
        names = shipped()
        expected = "a folder, or one of " + ", ".join(f"'{known}'" for known in names)
        message = say("unknown program", found=name, expected=expected, names=names)
        raise RolebookErrors([RolebookError(name, 1, 1, message)])
    return rolebooks_folder() / name


def resolve(name_or_folder: str | Path) -> Path:
    """The folder behind a shipped name or a path; a shipped name wins over a folder of the same name here.

    Raises RolebookErrors when it is neither.
    """
    text = str(name_or_folder)
    if isinstance(name_or_folder, str) and text in shipped():
        return shipped_folder(text)
    folder = Path(name_or_folder)
    return folder if folder.is_dir() else shipped_folder(text)
