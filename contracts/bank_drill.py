"""What a drill may do to the sandbox bank's answers. These calls are there only in dev and test, where a drill key is set."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from mallkit.endpoint import ANYONE, GET, PUT, Endpoint, View, Wish
from mallkit.errors import Unauthenticated

Share = Annotated[float, Meta(ge=0, le=1)]
DRILL_KEY = {"drill_key": "X-Drill-Key"}


class SetFaults(Wish, frozen=True):
    """`lose`: share of answers that are lost after the operation was done; `delay_share` of them comes `delay_seconds` late."""

    lose: Share = 0.0
    delay_seconds: Annotated[float, Meta(ge=0, le=60)] = 0.0
    delay_share: Share = 0.0
    drill_key: str | UnsetType = UNSET


class FaultsOf(Wish, frozen=True):
    """Asks what is set."""

    drill_key: str | UnsetType = UNSET


class FaultsView(View, frozen=True):
    """What is set; all 0 unless a drill is on."""

    lose: float
    delay_seconds: float
    delay_share: float


set_faults = Endpoint(
    method=PUT, path="/v1/faults", takes=SetFaults, gives=FaultsView, may=(ANYONE,), internal=True, headers=DRILL_KEY,
    refuses=(Unauthenticated,), secret=("drill_key",), summary="Make answers late, or lose them",
)  # fmt: skip
faults = Endpoint(
    method=GET, path="/v1/faults", takes=FaultsOf, gives=FaultsView, may=(ANYONE,), internal=True, headers=DRILL_KEY,
    refuses=(Unauthenticated,), secret=("drill_key",), summary="What is set",
)  # fmt: skip
