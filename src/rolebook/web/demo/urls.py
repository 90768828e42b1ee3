"""Addresses of the demo's own pages; included in demo mode only."""

from django.urls import path

from rolebook.web.demo import mailbox

urlpatterns = [
    path("mail/", mailbox.mails, name="demo-mails"),
    path("mail/<int:number>/", mailbox.mail, name="demo-mail"),
    path("mail/<int:number>/html/", mailbox.mail_html, name="demo-mail-html"),
]
