"""Settings of the audit, as a command and as a part of the mall."""

from mallkit.settings import Common, Secret


class Settings(Common, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seconds: `every_seconds` between two rounds of the part, at least; `grace_seconds` that what is on its way between services may
    take; `publish_seconds` that an event may wait for the bus; `wait_seconds` that a service which is away is tried again.
    """

    port: int = 8095
    bank_key: Secret = ""
    """What the bank wants to see before it shows its statement; empty: the statement is not asked for."""
    first_seconds: float = 5.0
    """Before the first round: the mall is starting."""
    every_seconds: float = 60.0
    grace_seconds: float = 60.0
    publish_seconds: float = 10.0
    wait_seconds: float = 10.0
    rest: float = 200.0
    """After a round, at least so many times the CPU time that it took here: a large mall is read more rarely, not at a higher price."""
