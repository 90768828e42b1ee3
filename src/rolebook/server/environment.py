"""What the operator sets, read from environment variables once and checked; documented in docs/settings.md."""

import contextlib
import os
import re
import secrets
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from rolebook.accounts.identity_providers import IdentityProvider, ProvidersError, read_providers
from rolebook.notices.transport import MailSettingsError, mail_server
from rolebook.server.bounce_settings import BounceSettings, read_bounce_settings

_SHORTEST_TOKEN = 16
_HOST = re.compile(r"\.?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]")
SECRET_KEY_FILE = "secret-key"  # noqa: S105 - a name of a file
"""In the home: the secret keys where no variable names one."""


class SettingsError(ValueError):
    """A setting that cannot be used; the message names the variable, what was found and what was expected."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The settings of one server; see docs/settings.md for each variable."""

    home: Path
    database: str
    secret_key: str
    site_url: str
    allowed_hosts: tuple[str, ...]
    mail_url: str
    mail_from: str
    demo: bool
    debug: bool
    lease_seconds: float
    proxies: int
    usage_seconds: int = 30
    decision_log: tuple[str, float] | None = None
    """Path or ``-``, and the share of the decisions that is logged; None: none are."""
    earlier_secret_keys: tuple[str, ...] = ()
    identity_providers: tuple[IdentityProvider, ...] = ()
    session_hours: int = 12
    session_idle_minutes: int = 30
    recovery_wait_hours: int = 24
    attachments: Path = Path("var/attachments")
    attachment_scanner: tuple[str, ...] = ()
    bounces: BounceSettings = field(default_factory=BounceSettings)

    @property
    def secret_key_file(self) -> Path:
        """Where the secret keys stand, the newest first, when no variable names one."""
        return self.home / SECRET_KEY_FILE

    @property
    def https(self) -> bool:
        """Whether people reach the site over TLS (cookies are then marked secure)."""
        return self.site_url.startswith("https://")


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """Return the settings that ``variables`` give, with defaults for one machine.

    Raises SettingsError for a value that cannot be used.
    """
    home = Path(variables.get("ROLEBOOK_HOME", "var")).absolute()
    site_url = variables.get("ROLEBOOK_SITE_URL", "http://127.0.0.1:8000").rstrip("/")
    host = _host_of_site(site_url)
    lease = variables.get("ROLEBOOK_LEASE_SECONDS", "5")
    try:
        lease_seconds = float(lease)
    except ValueError:
        lease_seconds = 0.0
    if not 0.2 <= lease_seconds <= 300:
        raise SettingsError(f"ROLEBOOK_LEASE_SECONDS: found {lease!r}, expected seconds between 0.2 and 300")
    proxies = variables.get("ROLEBOOK_PROXIES", "0")
    if proxies not in {"0", "1", "2", "3"}:
        raise SettingsError(f"ROLEBOOK_PROXIES: found {proxies!r}, expected a number from 0 to 3")
    secret, *earlier = _secret_keys(variables, home)
    database = variables.get("ROLEBOOK_DATABASE", f"sqlite:///{home / 'rolebook.sqlite3'}")
    django_database(database)
    metrics_token(variables)
    return Environment(
        home=home,
        database=database,
        secret_key=secret,
        site_url=site_url,
        allowed_hosts=_hosts(variables) or (host,),
        mail_url=_mail(variables.get("ROLEBOOK_MAIL", "smtp://127.0.0.1:25")),
        mail_from=_sender(variables.get("ROLEBOOK_MAIL_FROM", f"Rolebook <rolebook@{host}>")),
        demo=_flag(variables, "ROLEBOOK_DEMO"),
        debug=_flag(variables, "ROLEBOOK_DEBUG"),
        lease_seconds=lease_seconds,
        proxies=int(proxies),
        usage_seconds=_number(variables, "ROLEBOOK_USAGE_SECONDS", default=30, most=3600, least=0),
        decision_log=_decision_log(variables),
        session_hours=_number(variables, "ROLEBOOK_SESSION_HOURS", default=12, most=168),
        recovery_wait_hours=_number(variables, "ROLEBOOK_RECOVERY_WAIT_HOURS", default=24, most=168),
        session_idle_minutes=_number(variables, "ROLEBOOK_SESSION_IDLE_MINUTES", default=30, most=720),
        identity_providers=_providers(variables),
        earlier_secret_keys=tuple(earlier),
        attachments=_folder(variables, "ROLEBOOK_ATTACHMENTS", home / "attachments"),
        attachment_scanner=_command(variables, "ROLEBOOK_ATTACHMENT_SCANNER"),
        bounces=_bounces(variables),
    )


def _bounces(variables: Mapping[str, str]) -> BounceSettings:
    try:
        return read_bounce_settings(variables)
    except ValueError as wrong:
        raise SettingsError(str(wrong)) from wrong


def _folder(variables: Mapping[str, str], name: str, default: Path) -> Path:
    value = variables.get(name, "")
    folder = Path(value) if value else default
    if not folder.is_absolute() or (folder.exists() and not folder.is_dir()):
        raise SettingsError(f"{name}: found {value!r}, expected the whole path of a folder")
    return folder


def _command(variables: Mapping[str, str], name: str) -> tuple[str, ...]:
    value = variables.get(name, "")
    try:
        command = tuple(shlex.split(value))
    except ValueError:
        command = ("",)
    if command and shutil.which(command[0]) is None:
        raise SettingsError(f"{name}: found {value!r}, expected a command that there is")
    return command


def _providers(variables: Mapping[str, str]) -> tuple[IdentityProvider, ...]:
    file = variables.get("ROLEBOOK_IDENTITY_PROVIDERS", "")
    try:
        return read_providers(Path(file)) if file else ()
    except ProvidersError as wrong:
        raise SettingsError(f"ROLEBOOK_IDENTITY_PROVIDERS: {wrong}") from wrong


def _host_of_site(site_url: str) -> str:
    """Return the host of the site's address, which is a scheme, a host and perhaps a port, and nothing after it."""
    parts = _parts(site_url)
    host = parts.hostname
    if host is None or parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment:
        raise SettingsError(
            f"ROLEBOOK_SITE_URL: found {site_url!r}, expected an address such as https://access.example.org"
        )
    return host


def _parts(address: str) -> SplitResult:
    """Return the parts of an address, all empty for what is none: half an IPv6 address, a port that is no number."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def metrics_token(variables: Mapping[str, str] = os.environ) -> str:
    """Return the token that metrics ask for (empty: this machine only). Raises SettingsError for a short one."""
    token = variables.get("ROLEBOOK_METRICS_TOKEN", "")
    if token and len(token) < _SHORTEST_TOKEN:
        raise SettingsError(
            f"ROLEBOOK_METRICS_TOKEN: found {len(token)} characters, expected at least {_SHORTEST_TOKEN}"
        )
    return token


def _hosts(variables: Mapping[str, str]) -> tuple[str, ...]:
    hosts = tuple(h.strip() for h in variables.get("ROLEBOOK_HOSTS", "").split(",") if h.strip())
    for host in hosts:
        if not _HOST.fullmatch(host):
            raise SettingsError(
                f"ROLEBOOK_HOSTS: found {host!r}, expected host names such as access.example.org, separated by commas"
            )
    return hosts


def _mail(address: str) -> str:
    try:
        mail_server(address)
    except MailSettingsError as wrong:
        raise SettingsError(str(wrong)) from wrong
    return address


def _sender(mail_from: str) -> str:
    address = parseaddr(mail_from)[1]
    if not mail_from.isprintable() or "@" not in address.strip("@"):
        raise SettingsError(
            f"ROLEBOOK_MAIL_FROM: found {mail_from!r}, expected an address such as "
            "'Rolebook <access@example.org>'"
        )
    return mail_from


def _number(variables: Mapping[str, str], name: str, *, default: int, most: int, least: int = 1) -> int:
    value = variables.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and least <= int(value[:9]) <= most):
        raise SettingsError(f"{name}: found {value!r}, expected a whole number from {least} to {most}")
    return int(value)


def _decision_log(variables: Mapping[str, str]) -> tuple[str, float] | None:
    share = variables.get("ROLEBOOK_DECISION_LOG_SHARE") or "1"
    try:
        wanted = float(share)
    except ValueError:
        wanted = 0.0
    if not 0 < wanted <= 1:
        raise SettingsError(
            f"ROLEBOOK_DECISION_LOG_SHARE: found {share!r}, expected more than 0 and at most 1"
        )
    target = variables.get("ROLEBOOK_DECISION_LOG", "")
    if target not in ("", "-") and not Path(target).absolute().parent.is_dir():
        raise SettingsError(
            f"ROLEBOOK_DECISION_LOG: found {target!r}, expected a file in a folder that exists, or -"
        )
    return (target if target == "-" else str(Path(target).absolute()), wanted) if target else None


def _flag(variables: Mapping[str, str], name: str) -> bool:
    value = variables.get(name, "0")
    if value not in ("0", "1", ""):
        raise SettingsError(f"{name}: found {value!r}, expected 0 or 1")
    return value == "1"


def _secret_keys(variables: Mapping[str, str], home: Path) -> tuple[str, ...]:
    """Return the present secret key and the earlier ones, from the variables, else from the file in the home."""
    named = variables.get("ROLEBOOK_SECRET_KEY", "")
    if named != named.strip():
        raise SettingsError("ROLEBOOK_SECRET_KEY: found white space around it, expected a key alone")
    present, *kept = (named,) if named else _kept_secrets(home)
    earlier = variables.get("ROLEBOOK_EARLIER_SECRET_KEYS", "").split()
    if present in earlier:
        raise SettingsError("ROLEBOOK_EARLIER_SECRET_KEYS: found the present key, expected earlier ones only")
    return (present, *kept, *earlier)


def _kept_secrets(home: Path) -> tuple[str, ...]:
    """Return the secret keys of this installation, the newest first, one a line in a file.

    The first is made at first use and kept readable by its owner only; ``rolebook secret-key rotate`` puts another
    before it.
    """
    file = home / SECRET_KEY_FILE
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        # Written aside, then linked: whoever starts at the same moment finds a whole key, and one key wins.
        made = home / f"{SECRET_KEY_FILE}.{secrets.token_hex(4)}"
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(made, file)
        made.unlink()
    keys = tuple(file.read_text().split())
    if not keys:
        raise SettingsError(
            f"ROLEBOOK_HOME: found no key in {str(file)!r}, expected one (restore it from a backup)"
        )
    return keys


def django_database(address: str) -> dict[str, Any]:
    """Return Django's DATABASES entry for ``address``: sqlite:///path or postgresql://user:password@host/name?option=…

    Raises SettingsError for any other address.
    """
    parts = _parts(address)
    if parts.scheme == "sqlite" and len(parts.path) > 1:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
            "TEST": {"NAME": None},
        }
    if parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1:
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        # Compiling a statement takes seconds where its cost is guessed too high, and a page has milliseconds.
        options.setdefault("options", "-c jit=off")
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", None) or unquote(parts.hostname or ""),
            "PORT": str(parts.port or options.pop("port", "")),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": options,
        }
    raise SettingsError(
        f"ROLEBOOK_DATABASE: found {address.rsplit('@', maxsplit=1)[-1]!r}, "
        "expected sqlite:////folder/file.sqlite3 or postgresql://user@host/name"
    )
