"""A mail as people read it: one structure, written once as plain text and once as HTML, so that both say
the same.
"""

import unicodedata
from dataclasses import dataclass

from django.template.loader import render_to_string

SUBJECT_LENGTH = 180


@dataclass(frozen=True, slots=True)
class Button:
    """The one link of a letter. It opens a page; opening it changes nothing (whoever follows it, scanners
    included).
    """

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says.

    Attributes:
        subject: program, what happened, whom ("QPP: Access approved: Staff User at Cedar Valley").
        first_line: the whole message in one sentence.
        facts: (label, value) pairs, in reading order.
        paragraphs: what to know or do next.
        button: the page to go to, if any.
        code: a code to type, shown large, if any.
        whom_to_ask: who helps, and what to have ready.
        reason_for_mail: why this person gets it.
    """

    subject: str
    first_line: str
    facts: tuple[tuple[str, str], ...] = ()
    paragraphs: tuple[str, ...] = ()
    button: Button | None = None
    code: str = ""
    whom_to_ask: str = ""
    reason_for_mail: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A letter ready to be put into a message."""

    subject: str
    text: str
    html: str


def one_line(value: str) -> str:
    """Return ``value`` on one line, without control characters and without marks that turn the reading
    direction.

    What people typed (names, reasons) goes through here before it stands in a subject or in a line of its
    own, so that no name can start a header or forge a line of the mail.
    """
    spaced = "".join(" " if character.isspace() else character for character in value)
    kept = "".join(
        character for character in spaced if unicodedata.category(character) not in ("Cc", "Cf", "Cs")
    )
    return " ".join(kept.split())


def write(letter: Letter) -> Written:
    """Return the letter as subject, plain text and HTML (everything in it escaped there)."""
    subject = one_line(letter.subject)
    if len(subject) > SUBJECT_LENGTH:
        subject = subject[: SUBJECT_LENGTH - 1].rstrip() + "…"
    clean = Letter(
        subject=subject,
        first_line=one_line(letter.first_line),
        facts=tuple((one_line(label), one_line(value)) for label, value in letter.facts if value),
        paragraphs=tuple(one_line(paragraph) for paragraph in letter.paragraphs if paragraph),
        button=letter.button,
        code=one_line(letter.code),
        whom_to_ask=one_line(letter.whom_to_ask),
        reason_for_mail=one_line(letter.reason_for_mail),
    )
    html = render_to_string("notices/letter.html", {"letter": clean})
    return Written(subject=subject, text=_plain(clean), html=html)


def _plain(letter: Letter) -> str:
    blocks = [letter.first_line]
    if letter.code:
        blocks.append(f"    {letter.code}")
    if letter.facts:
        blocks.append("\n".join(f"{label}: {value}" for label, value in letter.facts))
    blocks += letter.paragraphs
    if letter.button is not None:
        blocks.append(f"{letter.button.label}:\n{letter.button.url}")
    if letter.whom_to_ask:
        blocks.append(letter.whom_to_ask)
    if letter.reason_for_mail:
        blocks.append(f"-- \n{letter.reason_for_mail}")
    return "\n\n".join(blocks) + "\n"
