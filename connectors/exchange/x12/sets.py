"""The transaction sets, as data: which segment may follow which, how often, and what must be there.

Source: public references of release 4010 (Stedi's guides of Computer Generated Solutions for 943
and 944, CVS and Sears for 812, Logicbroker, Belk and Caudalie for 180, Blue Diamond for 824; the
standard's lists for 947 and 997). Segments the standard allows and we never read are in their
places, so that a partner may send them.
"""

from __future__ import annotations

from dataclasses import dataclass

MANY = 999_999


@dataclass(frozen=True, slots=True)
class One:
    """A segment in its place; `least` 1 where it is mandatory."""

    name: str
    least: int = 0
    most: int = 1


@dataclass(frozen=True, slots=True)
class Loop:
    """A group of segments that repeats; the first one opens it."""

    nodes: tuple[Node, ...]
    least: int = 0
    most: int = MANY

    @property
    def opener(self) -> str:
        first = self.nodes[0]
        return first.name if isinstance(first, One) else first.opener


Node = One | Loop


@dataclass(frozen=True, slots=True)
class SetRule:
    """A transaction set between its ST and SE. `group` is its functional identifier (GS01)."""

    code: str
    title: str
    group: str
    nodes: tuple[Node, ...]


def _must(name: str) -> One:
    return One(name, 1)


def _party(least: int, most: int = MANY) -> Loop:
    return Loop(
        (
            _must("N1"),
            One("N2", most=2),
            One("N3", most=2),
            One("N4"),
            One("N9", most=MANY),
            One("PER", most=5),
        ),
        least,
        most,
    )


def _warehouse_party(least: int, most: int) -> Loop:
    """As in 943, 944 and 947, where references of the whole document follow the parties."""
    return Loop(
        (_must("N1"), One("N2"), One("N3", most=2), One("N4"), One("PER", most=5)), least, most
    )


_WAREHOUSE_HEAD: tuple[Node, ...] = (
    One("N9", most=10),
    One("G61", most=3),
    One("G62", most=5),
    One("NTE", most=20),
)

_SETS = (
    SetRule(
        "943",
        "Warehouse stock transfer shipment advice",
        "AR",
        (
            _must("W06"),
            _warehouse_party(1, 10),
            *_WAREHOUSE_HEAD,
            _must("W27"),
            One("W10"),
            Loop((_must("W04"), One("G69", most=5), One("N9", most=200), One("W20")), 1, 9999),
            _must("W03"),
        ),
    ),
    SetRule(
        "944",
        "Warehouse stock transfer receipt advice",
        "RE",
        (
            _must("W17"),
            _warehouse_party(1, 10),
            *_WAREHOUSE_HEAD,
            One("W08"),
            One("G08", most=2),
            Loop(
                (
                    _must("W07"),
                    One("G69", most=5),
                    One("N9", most=200),
                    One("W20", most=2),
                    Loop((_must("W13"), One("N9", most=10)), 0, 50),
                ),
                1,
                9999,
            ),
            _must("W14"),
        ),
    ),
    SetRule(
        "947",
        "Warehouse inventory adjustment advice",
        "AW",
        (
            _must("W15"),
            _warehouse_party(1, 100),
            *_WAREHOUSE_HEAD,
            Loop((_must("W19"), One("G69", most=5), One("N9", most=10)), 1, 9999),
        ),
    ),
    SetRule(
        "180",
        "Return merchandise authorization and notification",
        "AN",
        (
            _must("BGN"),
            One("RDR"),
            One("PRF"),
            One("DTM", most=10),
            One("N9", most=10),
            One("PER", most=2),
            One("SAC", most=10),
            One("TD5", most=10),
            One("NTE", most=100),
            _party(0),
            Loop(
                (
                    _must("BLI"),
                    One("N9", most=MANY),
                    One("PID", most=MANY),
                    One("RDR"),
                    One("PRF"),
                    One("DTM", most=10),
                    Loop((_must("QTY"),)),
                ),
                1,
            ),
            One("CTT"),
        ),
    ),
    SetRule(
        "812",
        "Credit or debit adjustment",
        "CD",
        (
            _must("BCD"),
            One("CUR"),
            One("N9", most=MANY),
            One("PER", most=MANY),
            One("ITD", most=MANY),
            One("DTM", most=MANY),
            One("FOB"),
            One("SHD", most=MANY),
            One("SAC", most=25),
            _party(1, 200),
            Loop(
                (
                    _must("CDD"),
                    One("LIN"),
                    One("PO4"),
                    One("N9", most=MANY),
                    One("SAC", most=MANY),
                )
            ),
        ),
    ),
    SetRule(
        "824",
        "Application advice",
        "AG",
        (
            _must("BGN"),
            _party(0),
            Loop(
                (
                    _must("OTI"),
                    One("REF", most=12),
                    One("DTM", most=2),
                    One("PER", most=3),
                    One("AMT", most=MANY),
                    One("QTY", most=MANY),
                    One("NM1", most=9),
                    Loop((_must("TED"), One("NTE", most=100))),
                    Loop((_must("LM"), One("LQ", most=100))),
                ),
                1,
            ),
        ),
    ),
    SetRule(
        "997",
        "Functional acknowledgment",
        "FA",
        (
            _must("AK1"),
            Loop(
                (_must("AK2"), Loop((_must("AK3"), One("AK4", most=99))), _must("AK5")),
            ),
            _must("AK9"),
        ),
    ),
)

SETS: dict[str, SetRule] = {rule.code: rule for rule in _SETS}
