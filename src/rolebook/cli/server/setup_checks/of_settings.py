"""The settings themselves: the secret key, the site's address, TLS, the demo."""

import shutil
import stat
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from rolebook.accounts.identity_providers import IdentityProvider
from rolebook.cli.server.setup_checks.finding import Finding, error, ok, warning
from rolebook.notices.report_mailbox import ReportMailbox

SHORTEST_KEY = 32
_FEWEST_CHARACTERS = 10
_MEBIBYTE = 1024 * 1024


class Reports(Protocol):
    """How reports of rejected mail come in."""

    @property
    def mailbox(self) -> ReportMailbox | None: ...
    @property
    def provider(self) -> str: ...


class Settings(Protocol):
    """What is looked at of the operator's settings (docs/settings.md)."""

    @property
    def home(self) -> Path: ...
    @property
    def database(self) -> str: ...
    @property
    def secret_key(self) -> str: ...
    @property
    def earlier_secret_keys(self) -> tuple[str, ...]: ...
    @property
    def secret_key_file(self) -> Path: ...
    @property
    def site_url(self) -> str: ...
    @property
    def https(self) -> bool: ...
    @property
    def allowed_hosts(self) -> tuple[str, ...]: ...
    @property
    def proxies(self) -> int: ...
    @property
    def demo(self) -> bool: ...
    @property
    def debug(self) -> bool: ...
    @property
    def bounces(self) -> Reports: ...
    @property
    def mail_url(self) -> str: ...
    @property
    def mail_from(self) -> str: ...
    @property
    def identity_providers(self) -> tuple[IdentityProvider, ...]: ...


def look_at_settings(settings: Settings, *, key_is_named: bool) -> Iterator[Finding]:
    """Yield what the settings alone tell. ``key_is_named``: a variable names the secret key."""
    yield _secret_key(settings)
    yield _secret_file(settings, key_is_named=key_is_named)
    yield _site(settings)
    yield _hosts(settings)
    yield _proxies(settings)
    yield _modes(settings)
    yield _disk(settings)


def _secret_key(settings: Settings) -> Finding:
    key, advice = (
        settings.secret_key,
        "make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
    )
    if len(set(key)) < _FEWEST_CHARACTERS:
        return error("secret-key", "the secret key can be guessed", advice)
    if len(key) < SHORTEST_KEY:
        return error(
            "secret-key", f"the secret key has {len(key)} characters, fewer than {SHORTEST_KEY}", advice
        )
    earlier = len(settings.earlier_secret_keys)
    if earlier:
        return ok(
            "secret-key",
            f"the secret key is long enough; {earlier} earlier ones still read",
            "forget them when 'rolebook secret-key status' says that nothing is stored under them",
        )
    return ok("secret-key", "the secret key is long enough")


def _secret_file(settings: Settings, *, key_is_named: bool) -> Finding:
    if key_is_named:
        return ok("secret-key-place", "ROLEBOOK_SECRET_KEY names the key")
    file = settings.secret_key_file
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        return error("secret-key-place", f"others on this machine can read {file}", f"run: chmod 600 {file}")
    if not settings.database.startswith("sqlite:"):
        return warning(
            "secret-key-place",
            f"the key stands in {file} of this machine",
            "with several machines, give all of them the same ROLEBOOK_SECRET_KEY; keep a copy apart from the backups",
        )
    return ok("secret-key-place", f"the key stands in {file}", "keep a copy of it apart from the backups")


def _site(settings: Settings) -> Finding:
    host = urlsplit(settings.site_url).hostname or ""
    if settings.https:
        return ok(
            "site", f"people reach it at {settings.site_url}; cookies are secure, and browsers insist on TLS"
        )
    if _is_loopback(host):
        return warning(
            "site",
            f"{settings.site_url} can be reached from this machine only, without TLS",
            "set ROLEBOOK_SITE_URL to the https address under which people reach the site",
        )
    return error(
        "site",
        f"{settings.site_url} is not https: passwords and sessions can be read on the way",
        "put a proxy that ends TLS in front, and set ROLEBOOK_SITE_URL to the https address",
    )


def _hosts(settings: Settings) -> Finding:
    host = urlsplit(settings.site_url).hostname or ""
    hosts = {name.strip("[]").lower() for name in settings.allowed_hosts}
    if host not in hosts and not any(name.startswith(".") and host.endswith(name) for name in hosts):
        return error(
            "hosts",
            f"the site's own host {host!r} is not among those that are answered",
            "add it to ROLEBOOK_HOSTS, or leave that unset",
        )
    return ok("hosts", f"requests for {', '.join(sorted(hosts))} are answered, and no others")


def _proxies(settings: Settings) -> Finding:
    if settings.https and not settings.proxies:
        return warning(
            "proxies",
            "the site is https, and no proxy is said to stand in front",
            "set ROLEBOOK_PROXIES to how many of your own do: throttling and the audit log need people's addresses",
        )
    return ok("proxies", f"{settings.proxies} proxies in front")


def _modes(settings: Settings) -> Finding:
    if settings.demo:
        return error("demo", "this is a demo: codes are shown to everybody", "unset ROLEBOOK_DEMO")
    if settings.debug:
        return warning("demo", "commands show tracebacks", "unset ROLEBOOK_DEBUG")
    return ok("demo", "neither a demo nor debugging")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free // _MEBIBYTE
    said = f"{free:,} MiB are free in {settings.home}"
    if free < 100:
        return error("disk", said, "make room: what cannot be written is refused")
    if free < 1024:
        return warning("disk", said, "make room before it is used up")
    return ok("disk", said)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
