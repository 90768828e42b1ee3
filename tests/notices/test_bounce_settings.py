"""How reports come in is set, checked and told: settings, `rolebook check-setup`, `/metrics` (IQCS-09)."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from rolebook.audit import clock
from rolebook.cli.server.setup_checks.of_running import look_at_reports
from rolebook.server.bounce_settings import BounceSettings
from rolebook.server.environment import SettingsError, read_environment
from rolebook.server.metrics import told
from tests.notices.imap import imap_server
from tests.support import iqcs, people

pytestmark = pytest.mark.requirement("IQCS-09")
TABLE = (
    (Path(__file__).parents[2] / "docs" / "settings.md")
    .read_text()
    .split("## Rejected mail")[1]
    .split("## ")[0]
)
GOOD = {
    "ROLEBOOK_BOUNCE_ADDRESS": "bounces@example.org",
    "ROLEBOOK_BOUNCE_MAILBOX": "imaps://bounces:pass@mail.example.org/INBOX",
    "ROLEBOOK_MAIL_EVENTS": "postmark",
    "ROLEBOOK_MAIL_EVENTS_SECRET": "events:a-long-password",
}
WRONG = {
    "ROLEBOOK_BOUNCE_ADDRESS": ["nobody", "Bounces <b@example.org>", "a@b\r\nc@d"],
    "ROLEBOOK_BOUNCE_MAILBOX": ["smtp://h", "imap://a:b@mail.example.org"],
    "ROLEBOOK_MAIL_EVENTS": ["sendgrid", "Postmark"],
    "ROLEBOOK_MAIL_EVENTS_SECRET": ["", "short:er", "a-long-password-without-a-name"],
}


def test_every_setting_is_in_its_table_and_is_read(tmp_path: Path) -> None:
    assert set(re.findall(r"^\| `(ROLEBOOK_[A-Z_]+)`", TABLE, re.MULTILINE)) == set(GOOD) == set(WRONG)
    read = read_environment({"ROLEBOOK_HOME": str(tmp_path), **GOOD}).bounces
    assert (read.address, read.provider) == ("bounces@example.org", "postmark")
    assert read.mailbox is not None
    assert read.anymail == {"WEBHOOK_SECRET": "events:a-long-password"}
    assert "a-long-password" not in repr(read)


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG.items() for v in values])
def test_a_value_that_cannot_be_used_stops_with_a_line_that_names_it(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(SettingsError, match=rf"^{name}: found .*expected") as refused:
        read_environment({"ROLEBOOK_HOME": str(tmp_path), **GOOD, name: value})
    assert "\n" not in str(refused.value)
    assert "password" not in str(refused.value).replace("user:password", "").replace("name:password", "")


@pytest.mark.django_db
def test_the_set_up_is_checked_where_a_program_needs_it(settings: Any) -> None:
    def found(bounces: BounceSettings) -> list[tuple[str, str]]:
        told = dataclasses.replace(django_settings.ROLEBOOK, bounces=bounces)
        return [(one.level, one.said) for one in look_at_reports(told, clock.now())]

    people.activate("qpp")
    assert found(BounceSettings()) == []
    iqcs.begin()
    assert found(BounceSettings())[0][0] == "warning"
    assert found(BounceSettings(provider="brevo"))[0][0] == "ok"
    with imap_server() as imap:
        assert found(BounceSettings(mailbox=imap.mailbox))[0][0] == "ok"
        wrong = dataclasses.replace(imap.mailbox, password="x")
        assert found(BounceSettings(mailbox=wrong))[0][0] == "error"


@pytest.mark.django_db
def test_the_numbers_are_told_to_a_monitoring_system() -> None:
    numbers = told(clock.now())
    for name in (
        "rolebook_mail_held 0",
        "rolebook_addresses_rejecting 0",
        "# TYPE rolebook_reports_unused gauge",
    ):
        assert name in numbers
