"""From accounts and sessions to what the contract shows."""

from contracts import auth, auth_sessions
from mallkit.store import Page
from mallkit.times import rfc3339
from svc_auth.domain import Account, Session


def account(opened: Account) -> auth.Account:
    """Everything but the credentials."""
    return auth.Account(user_id=opened.id, email=opened.email, name=opened.name, role=opened.role, created_at=rfc3339(opened.created_at))


def sessions(page: Page[Session], current: str) -> auth_sessions.SessionPage:
    """`current` is the caller's own."""
    return auth_sessions.SessionPage(items=[_session(each, current) for each in page.items], next=page.next)


def _session(session: Session, current: str) -> auth_sessions.SessionView:
    used = max(session.began, session.rotated_at)
    return auth_sessions.SessionView(
        session_id=session.id,
        created_at=rfc3339(session.began) if session.began else None,
        last_used_at=rfc3339(used) if used else None,
        network=session.network,
        current=session.id == current,
    )


def revocations(page: list[Session], after: int, kids: list[str]) -> auth.Revocations:
    """`next` stays where it is at the feed's end."""
    items = [auth.Revocation(sid=session.id, until=session.forget_at) for session in page]
    return auth.Revocations(items=items, next=page[-1].place if page else after, kids=kids)
