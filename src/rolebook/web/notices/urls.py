"""Addresses of the pages about notices, and of what stands behind the links of a digest and of a calendar."""

from django.urls import path

from rolebook.web.notices.pages import (
    calendar_address,
    calendar_feed,
    calendar_stop,
    notice_settings,
    stop_reminders_page,
)

_NOTICES = "<slug:program_id>/notices/"

program_pages = [
    path(_NOTICES, notice_settings, name="notice-settings"),
    path(_NOTICES + "calendar-address/", calendar_address, name="calendar-address"),
    path(_NOTICES + "calendar-address/stop/", calendar_stop, name="calendar-stop"),
]
urlpatterns = [
    path("calendar/<str:token>.ics", calendar_feed, name="calendar-feed"),
    path("stop-reminders/<str:token>/", stop_reminders_page, name="stop-reminders"),
]
