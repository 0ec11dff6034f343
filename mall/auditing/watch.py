"""Which suspects count: those that every reading has shown for as long as their patience. Pure."""

from collections.abc import Iterable, Mapping

from mall.auditing.invariants import Patience, Suspect


class Watch:
    """Remembers since when each suspect is seen. `patience` in seconds; the times given are those of one clock that never jumps."""

    def __init__(self, patience: Mapping[Patience, float]) -> None:
        self._patience = {Patience.NONE: 0.0, **patience}
        self._since: dict[tuple[str, str, tuple[str, ...]], float] = {}

    def look(self, suspects: Iterable[Suspect], began: float, ended: float) -> list[Suspect]:
        """Those that count, after a reading that took from `began` to `ended`. What this reading does not show is forgotten."""
        seen = list(suspects)
        self._since = {suspect.key: self._since.get(suspect.key, ended) for suspect in seen}
        return [suspect for suspect in seen if self._counts(suspect, self._since[suspect.key], began)]

    def forget(self) -> None:
        """After a reading that failed: a service was away, and what waits for it has all its time again."""
        self._since.clear()

    def _counts(self, suspect: Suspect, since: float, began: float) -> bool:
        return suspect.patience is Patience.NONE or began - since >= self._patience[suspect.patience]
