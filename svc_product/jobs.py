"""What the product service does beside answering: ends holds whose time is over, completes movements, forgets old imports."""

from collections.abc import Sequence
from functools import partial

from mallkit.background import Job, every
from svc_product.ports import Ports
from svc_product.use_cases import imports

STOCK_SECONDS = 1.0
PURGE_SECONDS = 600.0


def of(ports: Ports) -> Sequence[Job]:
    """The jobs of one copy; several copies may run them at once."""
    return (
        every(STOCK_SECONDS, ports.stock.settle, "stock.settle"),
        every(PURGE_SECONDS, partial(imports.purge, ports), "imports.purge"),
    )
