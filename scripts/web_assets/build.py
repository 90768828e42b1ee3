"""Make the prebuilt files of src/rolebook/web/static/rolebook from the packages that package.json pins.

Run `python scripts/web_assets/build.py` (needs npm; users and tests never do). See README.md beside this file.
"""

import gzip
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).resolve().parent
STATIC = HERE.parents[1] / "src/rolebook/web/static/rolebook"
FONTS = ("PublicSans-Regular", "PublicSans-Bold", "PublicSans-Italic")
ICONS = (
    "account_circle", "add", "arrow_back", "arrow_forward", "autorenew", "cancel", "check", "check_circle",
    "chevron_right", "close", "content_copy", "do_not_disturb", "error", "event", "expand_more",
    "file_download", "file_present", "grid_view", "group_add", "groups", "help", "history", "home",
    "hourglass_empty", "identification", "info", "lightbulb_outline", "location_city", "lock", "login",
    "logout", "mail", "menu", "people", "person", "phone", "print", "remove_circle", "schedule", "search",
    "security", "send", "undo", "verified_user", "warning",
)  # fmt: skip
SVG = "http://www.w3.org/2000/svg"


def main() -> None:
    """Install the packages in a temporary folder, compile, and replace the built files."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for name in ("package.json", "package-lock.json", "uswds.scss"):
            shutil.copy(HERE / name, work)
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit("npm is not installed: found none on PATH, needed to rebuild the style sheet")
        subprocess.run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=work, check=True)
        subprocess.run(
            [
                work / "node_modules/.bin/sass",
                "--no-source-map",
                "--style=compressed",
                "--quiet",
                "-I",
                work / "node_modules/@uswds/uswds/packages",
                "uswds.scss",
                "uswds.css",
            ],
            cwd=work,
            check=True,
        )
        for name in ("css", "fonts", "img", "js"):
            (STATIC / name).mkdir(parents=True, exist_ok=True)
        uswds = work / "node_modules/@uswds/uswds"
        write_styles((work / "uswds.css").read_text(), uswds)
        write_icons(uswds)
        shutil.copy(uswds / "LICENSE.md", STATIC / "LICENSE-uswds.md")
        htmx = work / "node_modules/htmx.org"
        (STATIC / "js/htmx.min.js").write_text(without_map((htmx / "dist/htmx.min.js").read_text()))
        shutil.copy(htmx / "LICENSE", STATIC / "LICENSE-htmx.txt")
    for file in (STATIC / "css/uswds.min.css", STATIC / "js/htmx.min.js"):
        file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))


def without_map(text: str) -> str:
    """Return a script or style sheet without its reference to a source map, which is not shipped."""
    return re.sub(r"\n?(/\*|//)[#@] sourceMappingURL=\S+( \*/)?\n?", "\n", text)


def write_styles(styles: str, uswds: Path) -> None:
    """Write the style sheet, with the fonts and pictures that it names and no others."""
    faces = re.findall(r"@font-face\{[^}]*\}", styles)
    for face in dict.fromkeys(faces):
        name = re.search(r"/([\w-]+)\.woff2", face)
        kept = face if name is not None and name.group(1) in FONTS else ""
        styles = kept + styles.replace(face, "")
    for font in FONTS:
        shutil.copy(uswds / f"dist/fonts/public-sans/{font}.woff2", STATIC / "fonts")
    styles = re.sub(r"\.\./fonts/[\w-]+/", "../fonts/", styles)
    styles = re.sub(r"(src:url\([^)]*\.woff2\) format\(.woff2.\))[^;}]*", r"\1", styles)
    for picture in sorted(set(re.findall(r"\.\./img/([\w/.-]+)", styles))):
        target = STATIC / "img" / picture
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(uswds / "dist/img" / picture, target)
    (STATIC / "css/uswds.min.css").write_text(without_map(styles))


def write_icons(uswds: Path) -> None:
    """Write one file of the icons that the pages use, each a symbol of its own name."""
    ElementTree.register_namespace("", SVG)
    sprite = ElementTree.Element(f"{{{SVG}}}svg")
    for icon in ICONS:
        drawn = ElementTree.parse(uswds / f"dist/img/usa-icons/{icon}.svg").getroot()  # noqa: S314 (a pinned package)
        symbol = ElementTree.SubElement(sprite, f"{{{SVG}}}symbol", {"id": icon, "viewBox": "0 0 24 24"})
        symbol.extend(list(drawn))
    ElementTree.ElementTree(sprite).write(STATIC / "img/icons.svg", encoding="unicode")


if __name__ == "__main__":
    main()
