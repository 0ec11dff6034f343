"""Refusals as classes: what is wrong, in a slug and a number that clients can rely on.

The kinds below are the whole vocabulary; `mallkit.problem` alone knows which HTTP status each one is.
"""

from typing import ClassVar


class ShopError(Exception):
    """Something a client may be told: only texts of this family ever leave a service.

    `detail` is one sentence about this case; `facts` become extra members of the problem (ids, limits, `errors`).
    """

    slug: ClassVar[str]
    title: ClassVar[str]
    code: ClassVar[int | None] = None
    """The seven-digit number of the requirements, where one exists."""
    status: ClassVar[int | None] = None
    """Only where the kind's own status does not fit."""
    remedy: ClassVar[str] = ""
    retry_after: ClassVar[int | None] = None
    """Seconds, sent as Retry-After."""

    def __init__(self, detail: str = "", **facts: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.facts = facts


class Invalid(ShopError):
    """The request itself is wrong; sending it again changes nothing."""

    slug = "bad-request"
    title = "The request is not valid"
    remedy = "Compare the request with the endpoint's schema and send it again corrected."


class Missing(ShopError):
    """There is no such thing, or it is somebody else's: both are told alike."""

    slug = "not-found"
    title = "Not found"
    remedy = "Check the id and who is signed in: other people's things are not found either."


class Refused(ShopError):
    """The request is fine, the present state does not allow it."""

    slug = "conflict"
    title = "The present state does not allow this"


class Unavailable(ShopError):
    """A part that is needed is away for now; the same request may go through later."""

    slug = "unavailable"
    title = "A part of the mall is not available"
    remedy = "Send the same request again after the seconds in Retry-After."
    retry_after = 1


class Unauthenticated(Invalid):
    """No token, or one that does not hold."""

    slug = "auth/token-invalid"
    title = "The access token is absent, invalid or expired"
    code = 4001004
    status = 401
    remedy = "Log in, or refresh the access token, and send the request again."


class Forbidden(Refused):
    """Signed in, but this role may not call the endpoint."""

    slug = "forbidden"
    title = "This role may not do that"
    status = 403
    remedy = "Sign in with an account that has one of the roles the endpoint names."


class MethodNotAllowed(Invalid):
    """The path exists, the method does not."""

    slug = "method-not-allowed"
    title = "The method is not allowed here"
    status = 405
    remedy = "Use one of the methods in the Allow header."


class TooLarge(Invalid):
    """The body is larger than the service reads."""

    slug = "too-large"
    title = "The request body is too large"
    status = 413
    remedy = "Send less than 1 MiB."


class UnsupportedMedia(Invalid):
    """The body is not declared as JSON."""

    slug = "unsupported-media-type"
    title = "The content type is not supported"
    status = 415
    remedy = "Send the body as application/json."


class Stale(Refused):
    """`If-Match` names a version that is no longer the newest."""

    slug = "stale-version"
    title = "The thing has changed since it was read"
    status = 412
    remedy = "Read it again and repeat the change with the new ETag."


class PreconditionRequired(Invalid):
    """The endpoint changes only what the caller has seen: `If-Match` is needed."""

    slug = "precondition-required"
    title = "If-Match is required"
    status = 428
    remedy = "Read the thing first and send its ETag as If-Match."


class KeyReused(Refused):
    """An Idempotency-Key came back with another request."""

    slug = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"
    status = 422
    remedy = "Use a fresh key for each new request."


class StillRunning(Refused):
    """The first request with this Idempotency-Key has no answer yet."""

    slug = "still-running"
    title = "The first request with this Idempotency-Key is still running"
    retry_after = 1
    remedy = "Send the same request again after the seconds in Retry-After."


class TooManyRequests(Refused):
    """A limit of requests in a time was reached."""

    slug = "too-many-requests"
    title = "Too many requests"
    status = 429
    retry_after = 1
    remedy = "Wait for the seconds in Retry-After."


class BadGateway(Unavailable):
    """A neighbour answered something that its contract does not know."""

    slug = "bad-gateway"
    title = "A part of the mall answered in an unexpected way"
    status = 502


class Timeout(Unavailable):
    """No answer came within the deadline: whether the effect happened is not known."""

    slug = "timeout"
    title = "A part of the mall did not answer in time"
    status = 504


class Internal(ShopError):
    """A fault of ours; the text of the cause stays in the log, under the trace id."""

    slug = "internal"
    title = "Something went wrong on our side"
    remedy = "Report the trace_id to the operators."
