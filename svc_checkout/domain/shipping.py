"""What shipping costs: tariffs by country and weight. Pure."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

from contracts.shipping import OTHERS, ParcelTooHeavy, TariffWrong
from svc_checkout.domain.currency import Exchange


@dataclass(frozen=True)
class Step:
    """Parcels of up to so many grams cost so much, in minor units of the mall's own currency."""

    up_to: int
    minor: int


@dataclass(frozen=True)
class Tariff:
    """Steps from the lightest to the heaviest. `free_from`: goods of so much are shipped for nothing."""

    steps: tuple[Step, ...]
    free_from: int | None = None


def tariff(steps: tuple[Step, ...], free_from: int | None) -> Tariff:
    """Raises TariffWrong unless each step is heavier than the one before."""
    if any(later.up_to <= earlier.up_to for earlier, later in itertools.pairwise(steps)):
        message = "each step of a tariff is heavier than the one before"
        raise TariffWrong(message)
    return Tariff(steps, free_from)


def for_country(stored: Mapping[str, Tariff], flat: Mapping[str, int], country: str) -> Tariff | int:
    """The country's own tariff, else that of all others; where there is neither, the flat rate of the settings in minor units."""
    found = stored.get(country) or stored.get(OTHERS)
    return flat.get(country, flat.get("*", 0)) if found is None else found


def cost(rate: Tariff | int, grams: int, goods: int, exchange: Exchange) -> int:
    """For a parcel with goods of so much, in minor units of the purchase's currency. Raises ParcelTooHeavy."""
    if isinstance(rate, int):
        return exchange.of(rate)
    step = next((step for step in rate.steps if grams <= step.up_to), None)
    if step is None:
        heaviest = rate.steps[-1].up_to
        message = f"the parcel weighs {grams} g, {heaviest} g is the most that is shipped there"
        raise ParcelTooHeavy(message, weight_grams=grams, most_grams=heaviest)
    is_free = rate.free_from is not None and goods >= exchange.of(rate.free_from)
    return 0 if is_free else exchange.of(step.minor)
