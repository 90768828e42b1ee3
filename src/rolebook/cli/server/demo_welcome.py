"""What `rolebook demo` prints when it is up: where it is, who can sign in, and how to ask the decision point."""

import json
import shlex
from pathlib import Path

from rolebook.cli.server.demo_world.cast import CAST, LENA, PASSWORD


def welcome(*, token: str, folder: Path, usual: bool) -> str:
    """Return the lines, at most 100 columns wide where addresses allow.

    ``usual``: the folder is the one in which `rolebook demo code` looks by itself.
    """
    from django.conf import settings

    from rolebook.accounts.models import Account, Organization

    site = settings.ROLEBOOK.site_url
    width = max(len(person.user_id) for person in CAST)
    people = "\n".join(f"  {person.user_id:{width}}  {person.who}" for person in CAST)
    lena = Account.objects.get(user_id=LENA.user_id)
    cedar = Organization.objects.get(name="Cedar Valley Family Practice")
    command = ".venv/bin/rolebook demo code USER_ID"
    if not usual:
        command += f" --folder {shlex.quote(str(folder))}"
    question = {
        "subject": {"type": "user", "id": str(lena.public_id)},
        "action": {"name": "submit_performance_data"},
        "resource": {"type": "organization", "id": str(cedar.public_id)},
    }
    return f"""
The demo of Rolebook is at {site}/
Every mail it sends is at    {site}/demo/mail/

Sign in with a user ID, the password   {PASSWORD}
and the code that this prints:         {command}

{people}

May {lena.name} submit performance data for {cedar.name}? Ask the decision point:

curl -s {site}/qpp/access/v1/evaluation -H 'Authorization: Bearer {token}' \\
  -H 'Content-Type: application/json' \\
  -d '{json.dumps(question)}'

Everything is in {folder}, and is made anew at the next start. Stop with Ctrl+C.
"""
