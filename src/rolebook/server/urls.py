"""Every address of the server. None of allauth's own is here: what it would offer goes through our flows."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("", include("rolebook.web.account.urls")),
    path("", include("rolebook.web.notices.urls")),
    path("", include("rolebook.web.urls")),
]

if settings.ROLEBOOK.demo:
    urlpatterns.insert(0, path("demo/", include("rolebook.web.demo.urls")))

handler400 = "rolebook.web.errors.bad_request"
handler403 = "rolebook.web.errors.not_allowed"
handler404 = "rolebook.web.errors.not_found"
handler500 = "rolebook.web.errors.server_error"
