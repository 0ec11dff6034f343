"""The providers of payments: a registry. One more is one module with an `ADAPTER`, and one line here."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

from mallkit.calls import Calls
from mallkit.settings import SettingsError
from svc_payment.ports import Provider, Word
from svc_payment.settings import Settings

REGISTRY = {
    "bank": "svc_payment.providers.bank",
    "stripe": "svc_payment.providers.stripe",
}
"""Name → module; it is imported only where the settings name it."""


@dataclass(frozen=True)
class Adapter:
    """What a provider's module offers. `lacks` names the settings that are missing, or wrong, for it."""

    lacks: Callable[[Settings], list[str]]
    open: Callable[[Settings, Calls], AbstractAsyncContextManager[Provider]]
    read_webhook: Callable[[bytes], list[Word | None]]
    webhook_secret: Callable[[Settings], str]


def chosen(settings: Settings) -> Mapping[str, Adapter]:
    """By name, those that payment methods go to and those that are kept for what they took. Raises SettingsError, naming what is wrong."""
    names = sorted({*settings.providers.values(), *settings.kept})
    strange = [name for name in names if name not in REGISTRY]
    if strange:
        known = ", ".join(REGISTRY)
        raise SettingsError([f"MALL_PAYMENT_PROVIDERS: there is no provider {name!r} (there are {known})" for name in strange])
    adapters: dict[str, Adapter] = {name: import_module(REGISTRY[name]).ADAPTER for name in names}
    lacking = [problem for adapter in adapters.values() for problem in adapter.lacks(settings)]
    if lacking:
        raise SettingsError(lacking)
    return adapters


@asynccontextmanager
async def opened(adapters: Mapping[str, Adapter], settings: Settings, calls: Calls) -> AsyncIterator[Mapping[str, Provider]]:
    """The providers, ready to be asked."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(adapter.open(settings, calls)) for name, adapter in adapters.items()}
