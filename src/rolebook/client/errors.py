"""Why there is no decision."""


class ClientError(Exception):
    """There is no decision. Whoever enforces treats it as a no."""


class Unavailable(ClientError):
    """No decision point answered in time, or what it answered is no decision. Asking again later may help."""


class Rejected(ClientError):
    """The decision point refused the question itself: a wrong token, program or body. Asking again does not help.

    Attributes:
        status: of HTTP, 400 to 499.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(f"{status}: {message}")
