"""What a client raises when an outside system cannot do what was asked."""


class ClientError(Exception):
    """Expected trouble with an outside system, in one sentence that names what to mend.

    Args:
        message: the sentence.
        retryable: true where the same request may succeed later (time-out, 429, 5xx), false for a permanent refusal.
    """

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class LoginRefusedError(ClientError):
    """The other side refuses who asks: asking again in the same way may get the account locked."""
