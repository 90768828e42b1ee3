"""Settings from the environment: one clear line for what cannot be used, and every one of them written down."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from rolebook.accounts.identity_providers import IdentityProvider, ProvidersError, read_providers
from rolebook.server.environment import SettingsError, django_database, read_environment

CHECKOUT = Path(__file__).parents[2]
SETTINGS = (CHECKOUT / "docs" / "settings.md").read_text()
PROVIDER = (
    '[harp]\nname = "HARP"\nissuer = "https://idp.example.org"\nclient_id = "us"\nclient_secret = "s3cret"\n'
)


def environment(tmp_path: Path, **variables: str) -> dict[str, str]:
    return {"ROLEBOOK_HOME": str(tmp_path), **variables}


WRONG = {
    "ROLEBOOK_SITE_URL": [
        "access.example.org",
        "ftp://example.org",
        "https://a.example.org/path",
        "http://[::1",
    ],
    "ROLEBOOK_LEASE_SECONDS": ["five", "0", "301", "nan"],
    "ROLEBOOK_USAGE_SECONDS": ["-1", "often", "3601"],
    "ROLEBOOK_DECISION_LOG": ["/no/such/folder/log"],
    "ROLEBOOK_DECISION_LOG_SHARE": ["0", "2", "half", "nan"],
    "ROLEBOOK_PROXIES": ["-1", "4", "one"],
    "ROLEBOOK_MAIL_FROM": ["nobody", "Rolebook <>", "a@example.org\r\nBcc: b@example.org"],
    "ROLEBOOK_DEMO": ["yes"],
    "ROLEBOOK_DEBUG": ["true"],
    "ROLEBOOK_SECRET_KEY": [" padded"],
    "ROLEBOOK_EARLIER_SECRET_KEYS": ["other the-present-key"],
    "ROLEBOOK_SESSION_HOURS": ["0", "twelve", "169"],
    "ROLEBOOK_SESSION_IDLE_MINUTES": ["0", "half", "721"],
    "ROLEBOOK_METRICS_TOKEN": ["guess"],
    "ROLEBOOK_RECOVERY_WAIT_HOURS": ["-1", "soon", "1000000"],
    "ROLEBOOK_ATTACHMENTS": ["somewhere/relative", "/etc/hostname"],
    "ROLEBOOK_ATTACHMENT_SCANNER": ["/nowhere/scanner --fast", "clamscan 'unclosed"],
    "ROLEBOOK_IDENTITY_PROVIDERS": ["/nowhere/providers.toml"],
    "ROLEBOOK_HOSTS": ["https://a.example.org", "a b"],
    "ROLEBOOK_DATABASE": ["mysql://localhost/x", "sqlite://", "postgresql://"],
    "ROLEBOOK_MAIL": ["imap://mail.example.org", "mail.example.org"],
}
"""Values that cannot be used, of every variable that has such."""
ANYTHING_GOES = {"ROLEBOOK_HOME"}


@pytest.mark.parametrize(("name", "value"), [(n, v) for n, values in WRONG.items() for v in values])
def test_a_value_that_cannot_be_used_stops_with_a_line_that_names_the_variable(
    tmp_path: Path, name: str, value: str
) -> None:
    given = {"ROLEBOOK_SECRET_KEY": "the-present-key", name: value}
    with pytest.raises(SettingsError, match=rf"^{name}: .*(expected|cannot read)") as refused:
        read_environment(environment(tmp_path, **given))
    assert "\n" not in str(refused.value)


def test_every_documented_setting_of_the_server_has_a_wrong_value_or_takes_any() -> None:
    table = SETTINGS.split("## Mail", maxsplit=1)[0]
    documented = set(re.findall(r"^\| `(ROLEBOOK_[A-Z_]+)`", table, re.MULTILINE))
    assert documented == set(WRONG) | ANYTHING_GOES


def test_every_setting_that_the_server_reads_is_in_its_table() -> None:
    source = (CHECKOUT / "src/rolebook/server/environment.py").read_text()
    read = set(re.findall(r'"(ROLEBOOK_[A-Z_]+)"', source))
    assert len(read) > 10
    assert read == set(re.findall(r"^\| `(ROLEBOOK_[A-Z_]+)`", SETTINGS.split("## Mail")[0], re.MULTILINE))


def test_the_defaults_in_the_table_are_the_defaults(tmp_path: Path) -> None:
    rows = dict(re.findall(r"^\| `(ROLEBOOK_[A-Z_]+)` \| `([^`]*)`", SETTINGS, re.MULTILINE))
    given = read_environment(environment(tmp_path))
    assert given.site_url == rows["ROLEBOOK_SITE_URL"]
    assert given.mail_url == rows["ROLEBOOK_MAIL"]
    assert str(given.session_hours) == rows["ROLEBOOK_SESSION_HOURS"]
    assert str(given.session_idle_minutes) == rows["ROLEBOOK_SESSION_IDLE_MINUTES"]
    assert f"{given.lease_seconds:g}" == rows["ROLEBOOK_LEASE_SECONDS"]
    assert str(given.usage_seconds) == rows["ROLEBOOK_USAGE_SECONDS"]
    assert str(given.proxies) == rows["ROLEBOOK_PROXIES"]


def test_commands_say_it_in_one_line_and_leave_with_2(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "rolebook.cli.main", "requests", "list", "qpp"],
        env={**os.environ, **environment(tmp_path, ROLEBOOK_PROXIES="many")},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2
    (line,) = ran.stderr.splitlines()
    assert line.startswith("Error: ROLEBOOK_PROXIES: found 'many', expected a number from 0 to 3")


@pytest.mark.parametrize("address", ["postgresql:///x", "postgresql://u:p@h:5/x?sslmode=require"])
def test_addresses_of_databases_are_read(address: str) -> None:
    assert django_database(address)["NAME"] == "x"


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("", "-c jit=off"),
        ("?options=", ""),
        ("?options=-c%20jit%3Don%20-c%20work_mem%3D8MB", "-c jit=on -c work_mem=8MB"),
    ],
)
def test_statements_are_not_compiled_unless_the_address_has_options_of_its_own(asked: str, sent: str) -> None:
    assert django_database(f"postgresql://u@h/x{asked}")["OPTIONS"]["options"] == sent


def test_the_present_key_and_earlier_ones_come_from_the_file_or_from_variables(tmp_path: Path) -> None:
    first = read_environment(environment(tmp_path))
    assert (first.earlier_secret_keys, len(first.secret_key) > 40) == ((), True)
    (tmp_path / "secret-key").write_text("new\nold\n")
    kept = read_environment(environment(tmp_path, ROLEBOOK_EARLIER_SECRET_KEYS="oldest"))
    assert (kept.secret_key, kept.earlier_secret_keys) == ("new", ("old", "oldest"))
    named = read_environment(
        environment(tmp_path, ROLEBOOK_SECRET_KEY="x", ROLEBOOK_EARLIER_SECRET_KEYS="a b")
    )
    assert (named.secret_key, named.earlier_secret_keys) == ("x", ("a", "b"))
    (tmp_path / "secret-key").write_text("\n")
    with pytest.raises(SettingsError, match=r"^ROLEBOOK_HOME: found no key"):
        read_environment(environment(tmp_path))


def test_identity_providers_are_read_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    (tmp_path / "second").write_text("from a file\n")
    file.write_text(
        PROVIDER + '[two]\nname = "Two"\nissuer = "http://127.0.0.1:9/x"\nclient_id = "us"\n'
        'client_secret_file = "second"\nclient_authentication = "client_secret_post"\n'
        'second_factor_amr = ["otp"]\nsecond_factor_acr = ["gold"]\nask_for_acr = ["gold"]\nscopes = ["openid"]\n'
    )
    one, two = read_environment(
        environment(tmp_path, ROLEBOOK_IDENTITY_PROVIDERS=str(file))
    ).identity_providers
    assert one == IdentityProvider("harp", "HARP", "https://idp.example.org", "us", "s3cret")
    assert (two.client_secret, two.scopes, two.ask_for_acr) == ("from a file", ("openid",), ("gold",))
    assert two.counts_as_second_factor(("otp",), "")
    assert two.counts_as_second_factor((), "gold")
    assert not two.counts_as_second_factor(("pwd",), "silver")
    assert not one.counts_as_second_factor((), "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "not TOML"),
        ('name = "no table"', "expected"),
        ('[Harp]\nname = "HARP"', "lower-case letters"),
        (PROVIDER.replace("name =", "nmae ="), r"\[harp\] nmae: found a key"),
        (PROVIDER.replace('name = "HARP"', ""), r"\[harp\] name: found nothing"),
        (PROVIDER.replace("https:", "http:"), r"\[harp\] issuer: found 'http://idp.example.org'"),
        (PROVIDER.replace("idp.example.org", "idp.example.org?x=1"), r"\[harp\] issuer"),
        (PROVIDER.replace("idp.example.org", "user@idp.example.org"), r"\[harp\] issuer"),
        (PROVIDER.replace('client_secret = "s3cret"', ""), r"\[harp\] client_secret: found none"),
        (PROVIDER + 'client_authentication = "none"', r"\[harp\] client_secret: found one"),
        (PROVIDER + 'client_authentication = "magic"', r"\[harp\] client_authentication"),
        (PROVIDER + 'second_factor_amr = "otp"', r"\[harp\] second_factor_amr: found 'otp', expected a list"),
        (PROVIDER + 'scopes = ["email"]', r"\[harp\] scopes"),
        (PROVIDER.replace("client_secret =", "client_secret_file ="), r"\[harp\] client_secret_file"),
        (PROVIDER + PROVIDER.replace("harp", "other"), "found the issuer 'https://idp.example.org' twice"),
    ],
)
def test_a_wrong_file_of_identity_providers_is_told_with_its_place_and_without_its_secret(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    with pytest.raises(ProvidersError, match=said) as refused:
        read_providers(file)
    if "client_secret_file" not in text:
        assert "s3cret" not in str(refused.value)


def test_every_key_of_an_identity_provider_is_documented_and_every_documented_one_exists() -> None:
    section = SETTINGS.split("## Identity providers")[1].split("\n## ")[0]
    documented = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE))
    assert documented == set(IdentityProvider.__dataclass_fields__) - {"id"} | {"client_secret_file"}
