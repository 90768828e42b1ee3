"""Activating a rolebook: read strictly, stored once, used only as stored."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rolebook.accounts.flows.rolebooks import Activation, AlreadyInForce, activate_rolebook
from rolebook.accounts.models import RolebookVersion
from rolebook.accounts.queries import NoRolebook, book_of_version, programs_in_force, rolebook_in_force
from rolebook.audit import triggers
from rolebook.audit.models import Event
from rolebook.policy.errors import RolebookErrors
from rolebook.policy.reading import read_rolebook
from rolebook.policy.shipped import resolve
from tests.support import people
from tests.support.people import COMMAND, START

pytestmark = pytest.mark.django_db


def copy_of_qpp(folder: Path) -> Path:
    return Path(shutil.copytree(resolve("qpp"), folder / "qpp"))


def activate(folder: Path, at: datetime = START) -> Activation:
    return activate_rolebook(acting_user=None, folder=folder, activated_by="operator", at=at, origin=COMMAND)


def test_the_stored_rolebook_is_exactly_the_one_that_was_read() -> None:
    activation = activate(resolve("qpp"))
    version, book = rolebook_in_force("qpp", START)
    assert version == activation.version
    assert book == read_rolebook(resolve("qpp"))
    assert Event.objects.filter(tag="rolebook:activated").count() == 1


def test_activating_identical_content_again_is_refused_and_stores_nothing() -> None:
    activate(resolve("qpp"))
    with pytest.raises(AlreadyInForce, match="version 1 of 'qpp'"):
        activate(resolve("qpp"), START + timedelta(days=1))
    assert RolebookVersion.objects.count() == 1


def test_editing_the_files_after_activation_changes_nothing_in_force(tmp_path: Path) -> None:
    folder = copy_of_qpp(tmp_path)
    activate(folder)
    before = rolebook_in_force("qpp", START)[1]
    (folder / "rolebook.yaml").write_text("nonsense: true\n")
    assert rolebook_in_force("qpp", START)[1] == before


def test_a_later_version_is_in_force_from_its_instant_on_and_the_earlier_one_stays_readable(
    tmp_path: Path,
) -> None:
    activate(resolve("qpp"))
    folder = copy_of_qpp(tmp_path)
    for file in (folder / "rolebook.yaml", folder / "matrix.csv"):
        file.write_text(file.read_text().replace("Staff User", "Staff Person"))
    later = START + timedelta(days=30)
    assert activate(folder, later).version.number == 2
    assert rolebook_in_force("qpp", later - timedelta(microseconds=1))[0].number == 1
    assert rolebook_in_force("qpp", later)[0].number == 2
    assert book_of_version(RolebookVersion.objects.get(number=1)) == read_rolebook(resolve("qpp"))
    assert [book.program.id for book in programs_in_force(later)] == ["qpp"]


def test_a_rolebook_with_errors_is_refused_with_its_places_and_stores_nothing(tmp_path: Path) -> None:
    folder = copy_of_qpp(tmp_path)
    file = folder / "rolebook.yaml"
    file.write_text(file.read_text() + "\nunknown_key: 1\n")
    with pytest.raises(RolebookErrors) as refused:
        activate(folder)
    assert "rolebook.yaml:" in str(refused.value)
    assert not RolebookVersion.objects.exists()
    assert not Event.objects.exists()


def test_a_program_without_a_version_in_force_has_no_rolebook() -> None:
    people.activate("qpp", START)
    with pytest.raises(NoRolebook):
        rolebook_in_force("qpp", START - timedelta(seconds=1))
    with pytest.raises(NoRolebook):
        rolebook_in_force("unknown", START)


@pytest.mark.invariant("I4")
def test_a_stored_version_that_does_not_match_its_hash_is_never_used() -> None:
    people.activate("qpp")
    version = RolebookVersion.objects.get()
    triggers.drop_all()
    RolebookVersion.objects.filter(pk=version.pk).update(content_hash="0" * 64)
    version.refresh_from_db()
    with pytest.raises(RuntimeError, match="does not match its hash"):
        book_of_version(version)
