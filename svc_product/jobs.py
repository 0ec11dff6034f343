"""What the product service does beside answering: ends holds in time, completes movements, marks what is low, forgets imports."""

from collections.abc import Sequence
from functools import partial

from mallkit.background import Job
from mallkit.leases import Leases
from svc_product.ports import Ports
from svc_product.use_cases import imports

STOCK_SECONDS = 1.0
MARK_SECONDS = 2.0
PURGE_SECONDS = 600.0


def of(ports: Ports, leases: Leases) -> Sequence[Job]:
    """The jobs of one copy; each runs in the copy that holds its lease."""
    return (
        leases.job(STOCK_SECONDS, ports.stock.settle, "stock.settle"),
        leases.job(MARK_SECONDS, ports.catalogue.mark_low_again, "stock.mark-low"),
        leases.job(PURGE_SECONDS, partial(imports.purge, ports), "imports.purge"),
    )
