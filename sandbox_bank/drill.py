"""The doors through which a drill makes the bank's answers late, or loses them. Served only where a drill key is set."""

from contracts import bank_drill
from mallkit.endpoint import Caller
from mallkit.web import serves
from sandbox_bank import use_cases, views
from sandbox_bank.ports import Ports


@serves(bank_drill.set_faults)
async def set_faults(wish: bank_drill.SetFaults, _: Caller, ports: Ports) -> bank_drill.FaultsView:
    """From now on, in this process."""
    use_cases.admit_drill(wish.drill_key, ports)
    use_cases.set_harm(wish, ports)
    return views.faults(ports.harm)


@serves(bank_drill.faults)
async def faults(wish: bank_drill.FaultsOf, _: Caller, ports: Ports) -> bank_drill.FaultsView:
    """What is set."""
    use_cases.admit_drill(wish.drill_key, ports)
    return views.faults(ports.harm)
