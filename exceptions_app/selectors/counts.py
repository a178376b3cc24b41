"""Open exceptions that can be worked on now, in figures read from the counts kept of them.

Decision 0014. The rows of `CaseCount` add up to all that is open, at every moment, and those of
`BehindCount` to what of it waits behind another exception of its return. The few that are put off
are taken off again, and of a cause only what is oldest and due first is looked up.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database

from exceptions_app.choices import CASE_OPEN, SEVERITY_RANK
from exceptions_app.selectors import paging

_CASES = "exceptions_app_case"
_OPEN = "status IN ({})".format(", ".join(f"'{status.value}'" for status in CASE_OPEN))
_AWAKE = "(snoozed_until IS NULL OR snoozed_until <= %(now)s)"
_SNOOZED = f"{_OPEN} AND snoozed_until > %(now)s"
_FREE = "behind_id IS NULL"
_KEYS = "group_id, type, team, severity_rank, bridge_id, assignee_id, currency, is_unpaid"
_SUMS = ("count", "returns", "total", "units", "refund_more", "credit_more")
_ADDED = ", ".join(_SUMS)
_TAKEN = ", ".join(f"-{name}" for name in _SUMS)
# All that is open, told apart by whether it waits behind another.
_KEPT = f"""(
            SELECT {_KEYS}, {_ADDED}, false AS is_behind FROM exceptions_app_casecount
            UNION ALL
            SELECT {_KEYS}, {_TAKEN}, false FROM exceptions_app_behindcount
            UNION ALL
            SELECT {_KEYS}, {_ADDED}, true FROM exceptions_app_behindcount
        ) AS kept"""
_BRIDGE = "(SELECT id FROM exceptions_app_bridge WHERE code = %(bridge)s)"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which open exceptions, all of them unless narrowed; `now` decides which are put off, and may
    be None where that is not asked.

    `assignee` is a person's id, or 0 for those that nobody has; `has_snoozed` takes those put off
    in, too, `has_behind` those that wait behind another of their return; `is_unpaid` asks for a
    return whose refund is not confirmed.
    """

    now: datetime | None
    team: str = ""
    types: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    bridge: str = ""
    group: int | None = None
    assignee: int | None = None
    has_snoozed: bool = False
    has_behind: bool = False
    is_unpaid: bool = False

    @property
    def here(self) -> str:
        """The condition on an exception to be not put off and behind no other, unless wanted."""
        return f"{'true' if self.has_snoozed else _AWAKE} AND {self.free}"

    @property
    def free(self) -> str:
        """The condition on an exception to be behind no other, unless these are wanted too."""
        return "true" if self.has_behind else _FREE

    @property
    def kept(self) -> str:
        """The condition on a row of `_KEPT`: as `sql`, and behind no other unless wanted."""
        return self.sql if self.has_behind else f"NOT is_behind AND {self.sql}"

    @property
    def snoozed(self) -> str:
        """The condition on an exception that `kept` holds and this does not."""
        return f"{_SNOOZED} AND NOT %(has_snoozed)s AND {self.free}"

    @property
    def sql(self) -> str:
        """The condition, in columns that exceptions and their counts share."""
        parts = {
            "team = %(team)s": bool(self.team),
            "type = ANY(%(types)s)": bool(self.types),
            "severity_rank = ANY(%(ranks)s)": bool(self.severities),
            f"bridge_id = {_BRIDGE}": bool(self.bridge),
            "group_id = %(group)s": self.group is not None,
            "assignee_id IS NULL": self.assignee == 0,
            "assignee_id = %(assignee)s": bool(self.assignee),
            "is_unpaid": self.is_unpaid,
        }
        return " AND ".join(sql for sql, is_asked in parts.items() if is_asked) or "true"

    @property
    def values(self) -> dict[str, Any]:
        return {
            "now": self.now,
            "team": self.team,
            "types": list(self.types),
            "ranks": [SEVERITY_RANK[severity] for severity in self.severities],
            "bridge": self.bridge,
            "group": self.group,
            "assignee": self.assignee,
            "has_snoozed": self.has_snoozed,
        }


def in_sums(scope: Scope, *, user_id: int = 0) -> list[dict[str, Any]]:
    """Everything open in sums: `count` and `total` by team, type, currency, and four yes or no.

    `is_in`: in `scope`, which narrows nothing else here. `is_mine`: `user_id` has them. `is_off`:
    put off, and these are in no other row. `is_behind`: they wait behind another. One query.
    """
    said = (
        "team, type, coalesce(assignee_id = %(user)s, false) AS is_mine,"
        f" ({scope.sql}) IS TRUE AS is_in"
    )
    told = f"""
        SELECT {said}, false AS is_off, is_behind, currency, count, total FROM {_KEPT}
        UNION ALL
        SELECT {said}, off.is_off, NOT {_FREE}, currency, off.count, off.count * value
        FROM {_CASES} CROSS JOIN (VALUES (false, -1), (true, 1)) AS off(is_off, count)
        WHERE {_SNOOZED}"""
    return _asked(
        f"""
        SELECT team, type, is_mine, is_in, is_off, is_behind, currency, SUM(count) AS count,
            SUM(total) AS total
        FROM ({told}) AS told GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING SUM(count) > 0""",
        scope.values | {"user": user_id},
    )


def by_type(scope: Scope) -> list[dict[str, Any]]:
    """What is in `scope` in sums: `count` and `total` by type, severity's rank and currency.

    Every row says of the whole: `causes`, how many; `oldest`, when the first was opened. The rows
    with `is_off` are those put off, and in no other; those with `is_behind` wait behind another.
    Neither is of the whole, whatever `scope` says of them. One query.
    """
    return _asked(
        f"""
        WITH told AS (
            SELECT group_id, type, severity_rank, currency, false AS is_off, is_behind, count,
                total
            FROM {_KEPT} WHERE {scope.sql}
            UNION ALL
            SELECT group_id, type, severity_rank, currency, off.is_off, NOT {_FREE}, off.count,
                off.count * value
            FROM {_CASES} CROSS JOIN (VALUES (false, -1), (true, 1)) AS off(is_off, count)
            WHERE {_SNOOZED} AND {scope.sql}
        ), net AS (
            SELECT group_id, type, severity_rank, currency, is_off, is_behind,
                SUM(count) AS count, SUM(total) AS total
            FROM told GROUP BY 1, 2, 3, 4, 5, 6 HAVING SUM(count) > 0
        ), causes AS (
            SELECT DISTINCT group_id FROM net WHERE NOT is_off AND NOT is_behind
        ), whole AS (
            SELECT count(*) AS causes, min(first.opened_at) AS oldest
            FROM causes CROSS JOIN LATERAL {_first(scope, "causes", "opened_at")} AS first
        )
        SELECT type, severity_rank, currency, is_off, is_behind, SUM(count) AS count,
            SUM(total) AS total, whole.causes, whole.oldest
        FROM net CROSS JOIN whole GROUP BY 1, 2, 3, 4, 5, whole.causes, whole.oldest
        ORDER BY 1, 2, 3""",
        scope.values,
    )


def by_cause_and_type(
    scope: Scope, *, returns_of: Mapping[str, Scope] | None = None
) -> list[dict[str, Any]]:
    """What is in `scope` in sums by `group_id`, type, currency and `is_behind`; one query.

    Beside `count` and `total`: `units`, `refund_more` (never below 0), `credit_more` (never above).
    Every row says of the whole, as `returns` does and under the same names, the returns of
    `returns_of`: these scopes lie in `scope`, so without a row they hold none.
    """
    more = "exceptions_app_case_more(type, facts)"
    parts, values = _numbered(returns_of or {})
    whole = "".join(f', {sql} AS "{name}"' for name, sql in parts.items())
    return _asked(
        f"""
        WITH told AS (
            SELECT group_id, type, currency, is_behind, count, total, units, refund_more,
                credit_more
            FROM {_KEPT} WHERE {scope.kept}
            UNION ALL
            SELECT group_id, type, currency, NOT {_FREE}, -1, -value,
                -exceptions_app_case_units(facts), -GREATEST({more}, 0), -LEAST({more}, 0)
            FROM {_CASES} WHERE {scope.snoozed} AND {scope.sql}
        )
        SELECT group_id, type, currency, is_behind, SUM(count) AS count, SUM(total) AS total,
            SUM(units) AS units, SUM(refund_more) AS refund_more, SUM(credit_more) AS credit_more
            {whole}
        FROM told GROUP BY 1, 2, 3, 4 HAVING SUM(count) > 0 ORDER BY 3, 1, 2""",
        scope.values | values,
    )


def returns(scopes: Mapping[Any, Scope]) -> dict[Any, int]:
    """How many returns each scope holds, none counted beyond paging.COUNT_CAP + 1; one query."""
    if not scopes:
        return {}
    parts, values = _numbered(scopes)
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts.values())}", values)
        return dict(zip(scopes, cursor.fetchone(), strict=True))


def _numbered(scopes: Mapping[Any, Scope]) -> tuple[dict[Any, str], dict[str, Any]]:
    """The count of returns of each scope as one value, and the values of all, told apart."""
    parts: dict[Any, str] = {}
    values: dict[str, Any] = {}
    for place, (name, scope) in enumerate(scopes.items()):
        own = scope.values | {"most": paging.COUNT_CAP + 1}
        values |= {f"{key}_{place}": value for key, value in own.items()}
        parts[name] = f"({_few_returns(scope).replace(')s', f'_{place})s')})"
    return parts, values


def _few_returns(scope: Scope) -> str:
    """The returns of `scope`, counted along an index in their order, which ends early.

    Of several types each is walked on its own. No other column is read as a range: the planner
    would rather sort all rows, for it cannot know how many of the open are unpaid.
    """
    narrowed = replace(scope, types=())
    of_type = "type = types.type AND" if scope.types else ""
    walked = f"""
        SELECT DISTINCT rma_id FROM {_CASES}
        WHERE {of_type} {_OPEN} AND rma_id IS NOT NULL
        AND ({narrowed.sql} AND {scope.here}) IS TRUE
        ORDER BY rma_id LIMIT %(most)s"""
    if not scope.types:
        return f"SELECT count(*) FROM ({walked}) AS few"
    return f"""SELECT count(*) FROM (
            SELECT DISTINCT found.rma_id FROM unnest(%(types)s::text[]) AS types(type)
            CROSS JOIN LATERAL ({walked}) AS found LIMIT %(most)s
        ) AS few"""


# What stands first, and the look-up that ranks equals: (sort value, its type, moment).
URGENCY = ("rank", "int", "due_at")
MONEY = ("total", "numeric", "opened_at")
PROMISE = ("standing", "numeric", "due_at")
# More than any cause comes to: one customer who waits stands before all money.
_PROMISED = "1e15"


def causes(
    scope: Scope,
    *,
    is_back: bool,
    after: Sequence[object],
    limit: int,
    by: tuple[str, str, str] = URGENCY,
) -> list[dict[str, Any]]:
    """The next causes of `scope`: by URGENCY the gravest first, and of these what is due first; by
    MONEY the most valuable first, and of these the oldest; by PROMISE those with a customer who
    waits for a refund first, of these the most valuable, and of equals what is due first.

    Each has `group`, `title`, `type`, `bridge`, `rank`, `total` (over all currencies), `due` (by
    URGENCY), `oldest` and `first` (the id of its oldest exception), `newest` (when its last one
    opened), `returns`, `waiting` (those of them whose refund is not confirmed) and `parts`: sums
    by team, person and currency. One query.
    """
    most, kind, moment = by
    place = f"(-{most}, moment, group_id)"
    beyond = f"(-%(a0)s::{kind}, %(a1)s::timestamptz, %(a2)s::bigint)"
    turn = "DESC" if is_back else "ASC"
    order = f"ORDER BY -page.{most} {turn}, page.moment {turn}, page.group_id {turn}"
    found = _asked(
        f"""
        WITH {_net(scope)}, by_cause AS (
            SELECT group_id, MAX(severity_rank) AS rank, SUM(total) AS total,
                bool_or(is_unpaid)::int * {_PROMISED} + SUM(total) AS standing
            FROM net GROUP BY 1
        ), placed AS (
            SELECT by_cause.*, first.{moment} AS moment
            FROM by_cause CROSS JOIN LATERAL {_first(scope, "by_cause", moment)} AS first
        ), page AS (
            SELECT * FROM placed AS page
            WHERE {f"{place} {'<' if is_back else '>'} {beyond}" if after else "true"}
            {order} LIMIT %(limit)s
        ), parts AS (
            SELECT group_id, jsonb_agg(jsonb_build_object(
                'team', team, 'assignee', assignee_id, 'currency', currency,
                'is_unpaid', is_unpaid, 'count', count, 'returns', returns,
                'total', net.total::text, 'refund_more', refund_more::text,
                'credit_more', credit_more::text,
                'name', COALESCE(
                    NULLIF(trim(concat(person.first_name, ' ', person.last_name)), ''),
                    person.username
                )
            )) AS parts
            FROM net JOIN page USING (group_id)
            LEFT JOIN auth_user AS person ON person.id = net.assignee_id
            GROUP BY 1
        ), {_further(scope)}
        SELECT page.group_id AS "group", page.rank, page.total, page.moment AS due,
            first.opened_at AS oldest, first.id AS first, cause.title, cause.type,
            cause.last_seen_at AS newest,
            COALESCE(bridge.name, '') AS bridge, parts.parts,
            COALESCE(further.unpaid, 0) AS unpaid, COALESCE(further.count, 0) AS count
        FROM page JOIN parts USING (group_id)
        JOIN exceptions_app_causegroup AS cause ON cause.id = page.group_id
        LEFT JOIN exceptions_app_bridge AS bridge ON bridge.id = cause.bridge_id
        LEFT JOIN further USING (group_id)
        CROSS JOIN LATERAL {_first(scope, "page", "opened_at", "id")} AS first
        {order}""",
        scope.values | {"limit": limit} | {f"a{n}": value for n, value in enumerate(after)},
    )
    for row in found:
        row["parts"] = parts = [_part(part) for part in json.loads(row["parts"])]
        row["returns"] = sum(part["returns"] for part in parts) - row.pop("count")
        unpaid = sum(part["count"] for part in parts if part["is_unpaid"])
        row["waiting"] = unpaid - row.pop("unpaid")
    return found


def _part(part: dict[str, Any]) -> dict[str, Any]:
    money = {name: Decimal(part[name]) for name in ("total", "refund_more", "credit_more")}
    return part | money


def people_of(parts: Iterable[Mapping[str, Any]]) -> tuple[str, int]:
    """Who has the exceptions of a cause (a name, how many people, or ""), and how many of them."""
    taken = [part for part in parts if part["assignee"] is not None]
    names = {part["assignee"]: str(part["name"]) for part in taken}
    owner = f"{len(names)} people" if len(names) > 1 else "".join(names.values())
    return owner, sum(part["count"] for part in taken)


def _net(scope: Scope) -> str:
    """`net`: what is in `scope`, in sums by all that the counts tell apart but type and bridge."""
    names = "group_id, team, severity_rank, assignee_id, currency, is_unpaid"
    sums = ("count", "returns", "total", "refund_more", "credit_more")
    more = "exceptions_app_case_more(type, facts)"
    return f"""told AS (
            SELECT {names}, {", ".join(sums)} FROM {_KEPT} WHERE {scope.kept}
            UNION ALL
            SELECT {names}, -1, -(rma_id IS NOT NULL)::int, -value, -GREATEST({more}, 0),
                -LEAST({more}, 0)
            FROM {_CASES} WHERE {scope.snoozed} AND {scope.sql}
        ), net AS (
            SELECT {names}, {", ".join(f"SUM({name}) AS {name}" for name in sums)} FROM told
            GROUP BY {names} HAVING SUM(count) > 0
        )"""


def _further(scope: Scope) -> str:
    """`further`: by cause of `page`, exceptions whose return has another one of it already.

    Of exceptions that share return and cause all but the first are marked, so only the few returns
    with a mark are compared. Teams and currencies are apart, as their sums are.
    """
    return f"""pairs AS (
            SELECT DISTINCT group_id, rma_id FROM {_CASES} JOIN page USING (group_id)
            WHERE {_OPEN} AND is_further
        ), further AS (
            SELECT group_id, count(*) - count(DISTINCT (currency, rma_id)) AS count,
                count(*) FILTER (WHERE is_unpaid)
                - count(DISTINCT (team, rma_id)) FILTER (WHERE is_unpaid) AS unpaid
            FROM {_CASES} JOIN pairs USING (group_id, rma_id)
            WHERE {_OPEN} AND {scope.here} AND {scope.sql} GROUP BY 1
        )"""


def _first(scope: Scope, cause: str, *names: str) -> str:
    """Of the exceptions of one cause the first by `names`: one look-up in an index."""
    return f"""(
            SELECT {", ".join(names)} FROM {_CASES}
            WHERE group_id = {cause}.group_id AND {_OPEN} AND {scope.here} AND {scope.sql}
            ORDER BY {", ".join(names)} LIMIT 1
        )"""


def _asked(sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
