"""Addresses of the account pages: these and no others; allauth's own pages are not among them."""

from django.urls import path

from rolebook.web.account import (
    identities,
    passwords,
    providers,
    registering,
    second_factor,
    security,
    signing_in,
)

urlpatterns = [
    path("register/", registering.register, name="register"),
    path("confirm-email/", registering.confirm_email, name="confirm-email"),
    path("confirm-email/send-again/", registering.send_again, name="confirm-email-again"),
    path("second-factor/", second_factor.set_up, name="second-factor"),
    path("recovery-codes/", second_factor.recovery_codes, name="recovery-codes"),
    path("recovery-codes/download/", second_factor.download_codes, name="recovery-codes-download"),
    path("sign-in/", signing_in.choose_program, name="choose-program"),
    path("sign-in/code/", signing_in.sign_in_code, name="sign-in-code"),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("signed-out/", signing_in.signed_out, name="signed-out"),
    path("forgotten-password/", passwords.forgotten, name="forgotten-password"),
    path("forgotten-password/new/", passwords.new_password, name="new-password"),
    path("security/", security.security, name="security"),
    path("security/password/", security.change_password, name="change-password"),
    path("security/email/", security.change_email, name="change-email"),
    path("security/email/confirm/", security.confirm_new_email, name="confirm-new-email"),
    path("security/recovery-codes/", security.new_recovery_codes, name="new-recovery-codes"),
    path("security/sign-out-everywhere/", security.sign_out_everywhere, name="sign-out-everywhere"),
    path("register/with-identity/", providers.register, name="register-with-identity"),
    path("sign-in/identity/", providers.unlinked, name="unlinked-identity"),
    path("sign-in/with/<slug:provider_id>/back/", providers.back, name="back-from-provider"),
    path("security/identities/confirm/", identities.confirm, name="confirm-identity"),
    path("security/identities/<uuid:link_id>/unlink/", identities.unlink, name="unlink-identity"),
    path("security/identities/<slug:provider_id>/link/", identities.link, name="link-identity"),
    path("<slug:program_id>/sign-in/with/<slug:provider_id>/", providers.go, name="go-to-provider"),
    path("<slug:program_id>/sign-in/", signing_in.sign_in, name="sign-in"),
    path("<slug:program_id>/statement/", signing_in.statement, name="statement"),
]
