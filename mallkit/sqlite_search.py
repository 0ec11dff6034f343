"""`find` with terms: a page is read from the lists of terms, so that what it costs does not grow with the number of documents.

The sparsest list is walked in the order that is asked for, and whatever else must hold is looked up for each document on the way.
A walk looks at `Bounds.in_vain` documents, goes on while some of them fit, and looks at `Bounds.walked` and no more: where too few fit the
page ends early, and its cursor goes on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mallkit.sqlite_query import LAST, Condition, Order, Place, side_of
from mallkit.sqlite_table import Side, Table
from mallkit.store import AnyOf, Prefix, Range, Term

Rows: TypeAlias = Callable[[str, Sequence[Any]], list[Any]]
"""Runs a statement; all calls for one page see the store as of one moment."""
Found: TypeAlias = tuple[Any, str, int]
"""A place, and the document's rowid."""
Stored: TypeAlias = tuple[int, str]
"""A document as it is kept: version and text."""
Clause: TypeAlias = tuple[str, tuple[Any, ...]]
"""A condition in SQL, and its values."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a page may cost."""

    in_vain: int = 500
    """Documents that it looks at without finding any: half a millisecond."""
    walked: int = 2000
    """Documents that it looks at while it finds some: two milliseconds."""
    merged: int = 64
    """Words that the beginning of one may stand for so that their lists are merged; of more each document is asked whether it has one."""
    collected: int = 1000
    """Documents that are sorted for it, where no list is in the order that is asked for."""


BOUNDS = Bounds()


@dataclass(frozen=True, slots=True)
class Group:
    """A term that is asked for, and the words that it stands for: None when there are more than can be merged."""

    side: Side
    term: Term
    words: tuple[str, ...] | None

    def span(self, column: str) -> Clause:
        """The clause for a column that holds one of the words."""
        if self.words is not None and len(self.words) == 1:
            return f"{column} = ?", self.words
        text = self.term.text if isinstance(self.term, Prefix) else self.term
        return f"{column} >= ? AND {column} < ?", (text, text + LAST)

    def on(self, doc: str, order: str) -> Clause:
        """The clause for a document `l` that has the term; `doc` is its rowid in SQL.

        A single word is looked for in its list in the order of the walk: there the documents of a walk lie next to each other, while the
        terms of each document fill a page of the file.
        """
        if self.words is not None and len(self.words) == 1 and order in self.side.lists:
            same = " AND ".join(f'm."{column}" = l."{column}"' for column in dict.fromkeys((order, "id")))
            return f"EXISTS (SELECT 1 FROM {self.side.lists[order]} AS m WHERE m.term = ? AND {same})", self.words  # noqa: S608 - as below
        span, values = self.span("t.term")
        return f"EXISTS (SELECT 1 FROM {self.side.of} AS t WHERE t.doc = {doc} AND {span})", values  # noqa: S608 - declared names only


@dataclass(frozen=True, slots=True)
class Way:
    """Something to walk through in the order that is asked for: a list or the collection itself, named `l`."""

    source: str
    doc: str
    """A document's rowid there."""
    only: tuple[Clause, ...] = ()
    """What the rows of the way have in common."""


@dataclass(frozen=True, slots=True)
class Driver:
    """Ways that together lead to all that fits; and what they do not see to, so that each document on them is asked for it."""

    ways: tuple[Way, ...]
    filters: tuple[Clause, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What `find` was asked."""

    order: Order
    after: Place | None
    where: Mapping[str, Any]
    all_of: Mapping[str, Sequence[Term]]
    limit: int
    offset: int


class Search:
    """The answer to one question."""

    def __init__(self, rows: Rows, table: Table[Any], question: Question, bounds: Bounds = BOUNDS) -> None:
        self._rows = rows
        self._table = table
        self._question = question
        self._bounds = bounds
        self._order = question.order
        self._behind = () if question.after is None else (question.order.behind(question.after, "l."),)
        self._most = question.limit + 1 + question.offset
        self._looked = 0 if question.offset else bounds.in_vain
        """How many documents are looked at in a row; 0 for as many as it takes: what is left out must have been counted."""

    def page(self) -> tuple[list[Stored], Place | None]:
        """The documents in order, and where the next page begins."""
        asked, looked = self._question, self._looked
        found, end = self._found()
        while found and end is not None and len(found) < self._most and looked < self._bounds.walked:
            self._behind = (self._order.behind(end, "l."),)
            more, end = self._found()
            found, looked = [*found, *more][: self._most], looked + self._looked
        shown = found[asked.offset : asked.offset + asked.limit]
        if len(found) == self._most:
            end = shown[-1][:2] if shown else None
        docs = {rowid: (version, text) for rowid, version, text in self._rows(*self._table.by_rowid([each[2] for each in shown]))}
        return [docs[each[2]] for each in shown], end if asked.limit else None

    def _found(self) -> tuple[list[Found], Place | None]:
        """At most as many as can be needed, in order; and where the walk ended when it ended early."""
        asked = self._question.all_of
        groups = [self._group(side_of(self._table, many), term) for many, terms in asked.items() for term in dict.fromkeys(terms)]
        if any(group.words == () for group in groups):
            return [], None
        drivers = [*self._by_lists(groups), *self._by_index(groups)]
        if drivers:
            return self._merged(drivers[0] if len(drivers) == 1 else self._sparsest(drivers))
        few = next((group for group in groups if self._number(group) <= self._bounds.collected), None)
        if few is not None or not self._looked:
            return self._collected(few or groups[0], self._filters(groups, few or groups[0], "l.rowid")), None
        return self._merged(Driver((Way(self._table.name, "l.rowid"),), self._filters(groups, None, "l.rowid")))

    def _by_lists(self, groups: Sequence[Group]) -> list[Driver]:
        """Each term that has lists in the order that is asked for."""
        drivers = []
        for group in groups:
            lists = group.side.lists.get(self._order.name)
            if group.words and lists is not None:
                ways = tuple(Way(lists, "l.doc", (("l.term = ?", (word,)),)) for word in group.words)
                drivers.append(Driver(ways, self._filters(groups, group, "l.doc")))
        return drivers

    def _by_index(self, groups: Sequence[Group]) -> list[Driver]:
        """What `where` says, if there is an index of just that in the order that is asked for."""
        fixed = {name: wanted for name, wanted in self._question.where.items() if not isinstance(wanted, Range)}
        several = [name for name, wanted in fixed.items() if isinstance(wanted, AnyOf)]
        if not fixed or len(several) > 1 or not self._table.is_sorted(set(fixed), self._order.name):
            return []
        values = dict.fromkeys(fixed[several[0]].values) if several else (None,)
        if not 0 < len(values) <= self._bounds.merged:
            return []
        conditions = [Condition(self._table, {**fixed, several[0]: value} if several else fixed) for value in values]
        ways = (Way(self._table.name, "l.rowid", ((" AND ".join(each.clauses), tuple(each.values)),)) for each in conditions)
        rest = {name: wanted for name, wanted in self._question.where.items() if name not in fixed}
        return [Driver(tuple(ways), self._filters(groups, None, "l.rowid", rest))]

    def _group(self, side: Side, term: Term) -> Group:
        if not isinstance(term, Prefix):
            return Group(side, term, (term,))
        words = tuple(word for (word,) in self._rows(side.words, (term.text, term.text + LAST, self._bounds.merged + 1)))
        return Group(side, term, words if len(words) <= self._bounds.merged else None)

    def _sparsest(self, drivers: Sequence[Driver]) -> Driver:
        """The one whose next documents reach farthest; one that ends before that is the best."""
        reached: list[tuple[Place, Driver]] = []
        for driver in drivers:
            edge = self._nearest([self._place_at(way, max(self._bounds.in_vain // len(driver.ways), 1)) for way in driver.ways])
            if edge is None:
                return driver
            reached.append((edge, driver))
        farthest = min if self._order.down else max
        return farthest(reached, key=lambda each: each[0])[1]

    def _filters(
        self, groups: Sequence[Group], driver: Group | None, doc: str, where: Mapping[str, Any] | None = None
    ) -> tuple[Clause, ...]:
        """The other terms, and `where`, or what is left of it."""
        found = [group.on(doc, self._order.name) for group in groups if group is not driver]
        where = self._question.where if where is None else where
        if where:
            condition = Condition(self._table, where)
            here = " AND ".join((f"m.rowid = {doc}", *condition.clauses))
            found.append((f"EXISTS (SELECT 1 FROM {self._table.name} AS m WHERE {here})", tuple(condition.values)))  # noqa: S608
        return tuple(found)

    def _merged(self, driver: Driver) -> tuple[list[Found], Place | None]:
        """What fits on its ways together."""
        found: set[Found] = set()
        ends: list[Place | None] = []
        for way in driver.ways:
            end = self._place_at(way, max(self._looked // len(driver.ways), 1)) if driver.filters and self._looked else None
            here = self._walk(way, driver.filters, end)
            found.update(here)
            ends.append(end if len(here) < self._most else None)
        end = self._nearest(ends)
        listed = sorted(found, reverse=self._order.down)
        if end is not None:
            listed = [each for each in listed if not self._is_behind(each[:2], end)]
        return listed[: self._most], end if len(listed) < self._most else None

    def _walk(self, way: Way, filters: Sequence[Clause], end: Place | None) -> list[Found]:
        clauses = [*way.only, *self._behind, *(() if end is None else (self._order.up_to(end, "l."),)), *filters]
        sql, values = self._select(f'l."{self._order.name}", l.id, {way.doc}', f"{way.source} AS l", clauses)
        return [tuple(row) for row in self._rows(f"{sql} ORDER BY {self._order.by('l.')} LIMIT ?", (*values, self._most))]

    def _place_at(self, way: Way, offset: int) -> Place | None:
        """Where the walk is after so many documents."""
        sql, values = self._select(f'l."{self._order.name}", l.id', f"{way.source} AS l", [*way.only, *self._behind])
        rows = self._rows(f"{sql} ORDER BY {self._order.by('l.')} LIMIT 1 OFFSET ?", (*values, offset - 1))
        return tuple(rows[0]) if rows else None

    def _collected(self, group: Group, filters: Sequence[Clause]) -> list[Found]:
        """All that fits, sorted: every document that has the term is looked at."""
        docs, values = self._select("DISTINCT doc", group.side.lists["id"], [group.span("term")])
        source = f"({docs}) AS s CROSS JOIN {self._table.name} AS l ON l.rowid = s.doc"
        sql, more = self._select(f'l."{self._order.name}", l.id, l.rowid', source, [*self._behind, *filters])
        return [tuple(row) for row in self._rows(f"{sql} ORDER BY {self._order.by('l.')} LIMIT ?", (*values, *more, self._most))]

    def _number(self, group: Group) -> int:
        """How many documents have the term, or a few more than can be collected."""
        sql, values = self._select("1", group.side.lists["id"], [group.span("term")])
        return int(self._rows(f"SELECT count(*) FROM ({sql} LIMIT ?)", (*values, self._bounds.collected + 1))[0][0])  # noqa: S608 - declared names only

    @staticmethod
    def _select(what: str, source: str, clauses: Sequence[Clause]) -> tuple[str, tuple[Any, ...]]:
        having = " WHERE " + " AND ".join(clause for clause, _ in clauses) if clauses else ""
        return f"SELECT {what} FROM {source}{having}", tuple(value for _, values in clauses for value in values)  # noqa: S608 - as above

    def _nearest(self, places: Sequence[Place | None]) -> Place | None:
        there = [place for place in places if place is not None]
        return (max if self._order.down else min)(there, default=None)

    def _is_behind(self, place: Place, end: Place) -> bool:
        return place < end if self._order.down else place > end
