"""Every address of the server. None of allauth's own is here: what it would offer goes through our flows."""

from django.urls import include, path

urlpatterns = [
    path("", include("rolebook.web.account.urls")),
    path("", include("rolebook.web.urls")),
]
