"""The auth service's endpoints."""

from msgspec import UNSET

from contracts import auth, auth_sessions
from mallkit.endpoint import Caller, Done, Nothing
from mallkit.web import serves
from svc_auth import domain, use_cases, views
from svc_auth.domain import Account, Session
from svc_auth.ports import Ports


@serves(auth.register)
async def register(wish: auth.Register, caller: Caller, ports: Ports) -> auth.Registered:
    """POST /api/v1/auth/register."""
    return auth.Registered(user_id=await use_cases.register(wish, caller.address, ports))


@serves(auth.login)
async def login(wish: auth.Login, caller: Caller, ports: Ports) -> auth.Tokens:
    """POST /api/v1/auth/login."""
    return _tokens(*await use_cases.login(wish, caller.address, ports), ports)


@serves(auth.refresh)
async def refresh(wish: auth.Refresh, caller: Caller, ports: Ports) -> auth.Tokens:
    """POST /api/v1/auth/refresh."""
    return _tokens(*await use_cases.refresh(wish.refresh_token, caller.address, ports), ports)


@serves(auth.logout)
async def logout(wish: auth.Logout, caller: Caller, ports: Ports) -> Done:
    """POST /api/v1/auth/logout."""
    await use_cases.logout(caller, None if wish.refresh_token is UNSET else wish.refresh_token, ports)
    return Done()


@serves(auth.change_password)
async def change_password(wish: auth_sessions.ChangePassword, caller: Caller, ports: Ports) -> Done:
    """PUT /api/v1/auth/password."""
    await use_cases.change_password(wish, caller, ports)
    return Done()


@serves(auth.sessions)
async def sessions(wish: auth_sessions.SessionsOf, caller: Caller, ports: Ports) -> auth_sessions.SessionPage:
    """GET /api/v1/auth/sessions."""
    after = None if wish.after is UNSET else wish.after
    return views.sessions(await ports.sessions.page(caller.subject, ports.clock(), after, wish.limit), caller.session)


@serves(auth.end_session)
async def end_session(wish: auth_sessions.SessionOf, caller: Caller, ports: Ports) -> Done:
    """DELETE /api/v1/auth/sessions/{session_id}."""
    await ports.sessions.end_own(wish.session_id, caller.subject, ports.clock())
    return Done()


@serves(auth.end_sessions)
async def end_sessions(wish: auth_sessions.EndSessions, caller: Caller, ports: Ports) -> Done:
    """DELETE /api/v1/auth/sessions."""
    await use_cases.end_sessions(caller, ports, others=wish.others)
    return Done()


@serves(auth.account_of)
async def account_of(wish: auth.AccountOf, _caller: Caller, ports: Ports) -> auth.Account:
    """GET /api/v1/auth/accounts/{user_id}."""
    return views.account(await ports.accounts.get(wish.user_id))


@serves(auth.give_role)
async def give_role(wish: auth_sessions.GiveRole, _caller: Caller, ports: Ports) -> auth.Account:
    """PUT /api/v1/auth/accounts/{user_id}/role."""
    return views.account(await use_cases.give_role(wish, ports))


@serves(auth.jwks)
async def jwks(_wish: Nothing, _caller: Caller, ports: Ports) -> auth.KeySet:
    """GET /.well-known/jwks.json."""
    return auth.KeySet(keys=[auth.Key(**key) for key in ports.keys.public()])


@serves(auth.service_token)
async def service_token(wish: auth.ServiceLogin, _caller: Caller, ports: Ports) -> auth.ServiceToken:
    """POST /internal/service-token."""
    return auth.ServiceToken(access_token=use_cases.service_token(wish, ports), expires_in=int(ports.lives.access))


@serves(auth.revocations)
async def revocations(wish: auth.Since, _caller: Caller, ports: Ports) -> auth.Revocations:
    """GET /internal/revocations."""
    kids = [key["kid"] for key in ports.keys.public()]
    return views.revocations(await ports.sessions.feed(wish.after), wish.after, kids)


@serves(auth.account)
async def account(wish: auth.AccountOf, _caller: Caller, ports: Ports) -> auth.Account:
    """GET /internal/accounts/{user_id}."""
    return views.account(await ports.accounts.get(wish.user_id))


@serves(auth.accounts)
async def accounts(wish: auth.AccountsOf, _caller: Caller, ports: Ports) -> auth.AccountPage:
    """GET /internal/accounts."""
    found = await use_cases.accounts(wish, ports)
    return auth.AccountPage(items=[views.account(each) for each in found.items], next=found.next)


@serves(auth.close_account)
async def close_account(wish: auth.AccountOf, _caller: Caller, ports: Ports) -> Done:
    """POST /internal/accounts/{user_id}/close."""
    await use_cases.close_account(wish.user_id, ports)
    return Done()


def _tokens(account: Account, session: Session, ports: Ports) -> auth.Tokens:
    return auth.Tokens(
        access_token=use_cases.access_token(account, session, ports),
        token_type="Bearer",  # noqa: S106 - the scheme, no secret
        expires_in=int(ports.lives.access),
        refresh_token=domain.write_refresh_token(ports.refresh_key, session.id, session.counter),
        user_id=account.id,
    )
