"""Enforcement in Django: a decorator, a mixin for views that are classes, and a tag for templates.

Put ``rolebook.client.django`` into INSTALLED_APPS (for the tag), and into the settings::

    ROLEBOOK_CLIENT = {
        "URL": "https://access.example.org",
        "PROGRAM": "qpp",
        "TOKEN": os.environ["ROLEBOOK_TOKEN"],
        "USER_ID": "myapp.people.public_id_of",  # request -> the account's public id, or None
    }
"""

from rolebook.client.django.enforcing import PermissionRequiredMixin as PermissionRequiredMixin
from rolebook.client.django.enforcing import permission_required as permission_required
