"""From accounts and sessions to what the contract shows."""

from contracts import auth
from mallkit.times import rfc3339
from svc_auth.domain import Account, Session


def account(opened: Account) -> auth.Account:
    """Everything but the credentials."""
    return auth.Account(user_id=opened.id, email=opened.email, name=opened.name, role=opened.role, created_at=rfc3339(opened.created_at))


def revocations(page: list[Session], after: int) -> auth.Revocations:
    """`next` stays where it is at the feed's end."""
    items = [auth.Revocation(sid=session.id, until=session.forget_at) for session in page]
    return auth.Revocations(items=items, next=page[-1].place if page else after)
