"""Every address of the server. None of allauth's own is here: what it would offer goes through our flows."""

from django.conf import settings
from django.urls import include, path

from rolebook.jobs import overview
from rolebook.server.metrics import metrics_page
from rolebook.web.places.running import bind_jobs

bind_jobs(overview)

urlpatterns = [
    path("", include("rolebook.web.account.urls")),
    path("", include("rolebook.web.notices.urls")),
    path("metrics", metrics_page, name="metrics"),
    path("", include("rolebook.web.urls")),
]

if settings.ROLEBOOK.bounces.provider:
    from rolebook.web.notices.mail_events import mail_events

    urlpatterns.insert(0, path("mail-events/", mail_events, name="mail-events"))

if settings.ROLEBOOK.demo:
    urlpatterns.insert(0, path("demo/", include("rolebook.web.demo.urls")))

handler400 = "rolebook.web.errors.bad_request"
handler403 = "rolebook.web.errors.not_allowed"
handler404 = "rolebook.web.errors.not_found"
handler500 = "rolebook.web.errors.server_error"
