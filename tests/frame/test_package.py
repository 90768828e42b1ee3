"""The wheel carries what an installation needs: shipped rolebooks, templates, static files, type marker."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        "-m",
        "pip",
        "wheel",
        "-qq",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(folder),
        ".",
    ]
    subprocess.run([sys.executable, *build], cwd=CHECKOUT, check=True)
    return next(folder.glob("rolebook-*.whl"))


def test_the_wheel_holds_every_tracked_file_of_the_package_and_of_the_rolebooks(wheel: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "src/rolebook", "rolebooks"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    expected = {
        path.removeprefix("src/") if path.startswith("src/") else f"rolebook/{path}"
        for path in listed
        if (CHECKOUT / path).exists()
    }
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert expected - packed == set()
    assert {"rolebook/py.typed", "rolebook/rolebooks/qpp/rolebook.yaml"} <= packed


def test_an_installed_wheel_finds_its_shipped_rolebooks_and_answers(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "installed"
    install = ["-m", "pip", "install", "-qq", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run([sys.executable, *install], check=True)
    program = (
        "import rolebook\n"
        "from pathlib import Path\n"
        "from rolebook.policy.shipped import shipped_folder\n"
        "print(Path(rolebook.__file__).parent, shipped_folder('qpp'), callable(rolebook.load('qpp').check))\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(target)},
        capture_output=True,
        text=True,
        check=False,
    )
    package = target / "rolebook"
    assert ran.stdout.split() == [str(package), str(package / "rolebooks" / "qpp"), "True"], ran.stderr
