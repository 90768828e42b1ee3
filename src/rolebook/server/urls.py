"""Every address of the server. None of allauth's own is here: what it would offer goes through our flows."""

from django.conf import settings
from django.urls import include, path, re_path

from rolebook.api.urls import addresses, unknown
from rolebook.jobs import overview
from rolebook.server.metrics import metrics_page
from rolebook.web.gate import open_page
from rolebook.web.places.running import bind_jobs

bind_jobs(overview)
_api = addresses()
for _address in _api:
    _address.callback = open_page(_address.callback)  # every call brings its own token

urlpatterns = [
    path("api/v1/", include(_api)),
    re_path(r"^api(?:/|$)", open_page(unknown), name="api-unknown"),
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
