"""The codes an element may hold, by the number of the standard's dictionary, where the whole list
is public (zenbridge and kasoftware for release 4010, read in November 2026)."""

from __future__ import annotations


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


CODES: dict[int, frozenset[str]] = {
    # GH, IH and TH are of later releases: partners who hold a document have no other word for it.
    110: _codes("BA BC BE BP BR GA GC GE GH GP GR IA IC IE IH IP IR TA TC TE TH TP TR"),
    412: _codes("01 02 03 04 05 06 07 08 09 10 11 12 13 14 16"),
    478: _codes("C D"),
    514: _codes("A B C F J K N O P R S X Y Z"),
    715: _codes("A E M P R W X"),
    717: _codes("A E M R W X"),
    1073: _codes("N U W Y"),
    1292: _codes("CR DI KA KR MW PA RA RD RF RN RP RT SC SD"),
    1293: _codes(
        "BC CO CV DA DI DM DP DR DT EI EO EW LP MD NA OP PE PF PR PS PW RE SD SM SP SR ST TE WG"
    ),
    1294: _codes("EW FR IN IO MI NR OS PC PR QD RR RT SR UI"),
}
