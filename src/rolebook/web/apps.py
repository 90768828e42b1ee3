"""Django's registration of the web app."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The app's name and label."""

    name = "rolebook.web"
    label = "web"
