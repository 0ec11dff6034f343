"""A chore of the drills: somebody changes the password, becomes an operator and a customer again, and goes."""

from mall.drills.stage import Stage
from mall.journey import ADMIN
from mall.load.ledger import Ledger
from mall.load.line import Line

LOGIN, PASSWORD = "/api/v1/auth/login", "/api/v1/auth/password"


async def come_and_rise(stage: Stage, email: str) -> None:
    """From registering to closing the account; both changes end sessions."""
    line, boss = Line(stage.session, stage.mall.gateway, Ledger()), Line(stage.session, stage.mall.gateway, Ledger())
    first, second = {"email": email, "password": "a-long-password"}, {"email": email, "password": "a-longer-password"}
    await line.call("", "POST", "/api/v1/auth/register", {**first, "name": "Riser"})
    for _ in range(2):  # one session changes the password, the other one ends with it
        told = (await line.call("", "POST", LOGIN, first)).json
        line.token = told["access_token"]
    change = {"old_password": first["password"], "new_password": second["password"]}
    await line.call("", "PUT", PASSWORD, change)
    boss.token = (await boss.call("", "POST", LOGIN, {"email": ADMIN[0], "password": ADMIN[1]})).json["access_token"]
    for role in ("operator", "customer"):
        await boss.call("", "PUT", f"/api/v1/auth/accounts/{told['user_id']}/role", {"role": role})
    await boss.call("", "DELETE", "/api/v1/auth/sessions")
    line.token = (await line.call("", "POST", LOGIN, second)).json["access_token"]
    await line.call("", "DELETE", "/api/v1/users/me")
