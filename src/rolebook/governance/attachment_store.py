"""The bytes of attachments: judged by what they are, scanned, kept in a folder that no web server serves (IQCS-14)."""

import contextlib
import os
import re
import subprocess
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings

from rolebook.governance.models import Attachment
from rolebook.governance.refusals import Refused
from rolebook.policy.rules import Violation

LARGEST_BYTES = 8 * 1024 * 1024
MOST = 10
"""Attachments of one request."""
SCAN_SECONDS = 60
ENDINGS = {Attachment.Kind.PDF: ".pdf", Attachment.Kind.PNG: ".png", Attachment.Kind.JPEG: ".jpg"}
CONTENT_TYPES = {
    Attachment.Kind.PDF: "application/pdf",
    Attachment.Kind.PNG: "image/png",
    Attachment.Kind.JPEG: "image/jpeg",
}
_LONGEST_NAME = 80
_HARMFUL = re.compile(r"[^\w .()+-]+")
_OF_SYSTEMS = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class AttachmentStore:
    """Where the bytes of attachments are kept, and the command that scans them first (empty: none does)."""

    folder: Path
    scanner: tuple[str, ...] = ()

    def path(self, attachment: Attachment) -> Path:
        """Return where the bytes of an attachment are: by its id, never by the name it came with."""
        name = attachment.public_id.hex
        return self.folder / attachment.program_id / name[-2:] / name

    def write(self, attachment: Attachment, data: bytes) -> None:
        """Keep the bytes, readable by the server's own user only, whole or not at all."""
        path = self.path(attachment)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix="new-", delete=False) as made:
            made.write(data)
            made.flush()
            os.fsync(made.fileno())
        Path(made.name).replace(path)

    def read(self, attachment: Attachment) -> bytes | None:
        """Return the bytes; None where they are gone."""
        try:
            return self.path(attachment).read_bytes()
        except FileNotFoundError:
            return None

    def delete(self, attachment: Attachment) -> None:
        """Delete the bytes, if they are there."""
        self.path(attachment).unlink(missing_ok=True)

    def strays(self, before: datetime) -> Iterator[Path]:
        """Yield files last written before an instant; whoever asks knows which of them belong to an attachment."""
        for path in self.folder.glob("*/*/*"):
            with contextlib.suppress(FileNotFoundError):
                if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                    yield path

    def scan(self, data: bytes, name: str) -> Attachment.Scan:
        """Return what the scanner says, NOT_SCANNED where there is none.

        Raises Refused for a file that it refuses, and for one that it could not scan: what should have been scanned and
        was not is never kept.
        """
        if not self.scanner:
            return Attachment.Scan.NOT_SCANNED
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, prefix="scan-") as tried:
            tried.write(data)
            tried.flush()
            try:
                ran = subprocess.run(  # noqa: S603  # the operator's own command, without a shell
                    [*self.scanner, tried.name], capture_output=True, timeout=SCAN_SECONDS, check=False
                )
            except (OSError, subprocess.TimeoutExpired) as failed:
                raise Refused([Violation("attachment_not_scanned", {"name": name})]) from failed
        if ran.returncode == 0:
            return Attachment.Scan.CLEAN
        code = "attachment_infected" if ran.returncode == 1 else "attachment_not_scanned"
        raise Refused([Violation(code, {"name": name})])


def attachment_store() -> AttachmentStore:
    """Return the store that the settings name."""
    return AttachmentStore(settings.ROLEBOOK.attachments, settings.ROLEBOOK.attachment_scanner)


def kind_of(data: bytes) -> Attachment.Kind | None:
    """Return what a file is by its own bytes, whatever its name or its sender says; None for all other kinds."""
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-2048:]:
        return Attachment.Kind.PDF
    if data.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        return Attachment.Kind.PNG
    if data.startswith(b"\xff\xd8\xff"):
        return Attachment.Kind.JPEG
    return None


def clean_name(name: str, kind: Attachment.Kind) -> str:
    """Return a name that harms nobody: no folder, control, direction mark or reserved word; the ending of the kind."""
    last = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    stem = last.rpartition(".")[0] or last
    shown = "".join(one for one in stem if unicodedata.category(one)[0] != "C")
    harmless = " ".join(_HARMFUL.sub("_", shown).split()).strip(". ")[:_LONGEST_NAME].rstrip(". ")
    if not harmless or _OF_SYSTEMS.match(harmless):
        harmless = f"attachment {harmless}".strip()
    return harmless + ENDINGS[kind]


def shown_name(name: str) -> str:
    """Return a name as a refusal may say it, before the kind is known."""
    return clean_name(name, Attachment.Kind.PDF).removesuffix(".pdf")


ORPHANED_AFTER = timedelta(hours=24)
"""How long an attachment may be without a draft or a form before it is deleted."""
