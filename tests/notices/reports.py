"""Delivery reports for tests, as mail servers write them."""

from email.message import EmailMessage

from rolebook.notices.models import Notice


def returned(notice: Notice, address: str = "") -> bytes:
    """The mail of a notice as it went out, near enough: its headers and words."""
    assert notice.recipient is not None
    mail = EmailMessage()
    mail["From"], mail["To"] = "rolebook@example.org", address or notice.recipient.email
    mail["Subject"], mail["Message-ID"] = notice.subject or "None", f"<{notice.message_id}>"
    mail.set_content(notice.text)
    return mail.as_bytes()


def report(
    mail: bytes,
    recipient: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 no such user",
    part: str = "message/rfc822",
    more: str = "",
) -> bytes:
    """A report of RFC 3464 that returns a mail, about one recipient."""
    fields = (
        f"Reporting-MTA: dns; mx.example.net\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: {action}\r\n"
        + (f"Status: {status}\r\n" if status else "")
        + (f"Diagnostic-Code: {diagnostic}\r\n" if diagnostic else "")
        + more
    )
    head = mail.split(b"\n\n")[0].replace(b"\r\n", b"\n") + b"\n"
    body = head if part == "text/rfc822-headers" else mail
    return (
        b"From: MAILER-DAEMON@mx.example.net\r\nTo: rolebook@example.org\r\nSubject: Undelivered\r\n"
        b"Message-ID: <report@mx.example.net>\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="=-=b"\r\n\r\n'
        b"--=-=b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
        b"--=-=b\r\nContent-Type: message/delivery-status\r\n\r\n" + fields.encode() + b"\r\n"
        b"--=-=b\r\nContent-Type: " + part.encode() + b"\r\n\r\n" + body + b"\r\n--=-=b--\r\n"
    )


def report_about(notice: Notice, **told: str) -> bytes:
    """A report that rejects the mail of a notice, at its recipient's address."""
    assert notice.recipient is not None
    return report(returned(notice), notice.recipient.email, **told)
