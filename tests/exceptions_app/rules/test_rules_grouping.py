"""Where an exception stands after causes were merged and split (decision 0021)."""

import random

import pytest

from exceptions_app.rules.grouping import Edge, leading_to, leaves, place, would_circle

TO_2 = Edge(1, 2)
RED = Edge(1, 3, "sku", "red")


@pytest.mark.parametrize(
    ("edges", "facts", "stands_in"),
    [
        pytest.param([], {"sku": "red"}, 1, id="nothing-was-changed"),
        pytest.param([TO_2], {}, 2, id="merged"),
        pytest.param([TO_2, Edge(2, 4)], {}, 4, id="merged-on"),
        pytest.param([RED], {"sku": "red"}, 3, id="split-off"),
        pytest.param([RED], {"sku": "blue"}, 1, id="of-another-value"),
        pytest.param([RED], {}, 1, id="without-the-fact"),
        pytest.param([TO_2, RED], {"sku": "red"}, 3, id="a-split-comes-before-a-merge"),
        pytest.param([TO_2, Edge(2, 5, "sku", "red")], {"sku": "red"}, 5, id="split-after-merge"),
        pytest.param(
            [RED, Edge(1, 6, "location", "LDN")],
            {"sku": "red", "location": "LDN"},
            3,
            id="the-first-split-wins",
        ),
    ],
)
def test_an_exception_stands_where_the_rules_lead(edges, facts, stands_in):
    assert place(1, edges, facts) == stands_in


def test_the_causes_that_lead_to_one_are_those_its_exceptions_may_come_from():
    assert leading_to(2, [TO_2, Edge(7, 1), RED]) == {1, 2, 7}


def test_what_would_lead_back_is_a_circle():
    assert would_circle(Edge(3, 1), [RED])
    assert would_circle(Edge(4, 1), [TO_2, Edge(2, 4)])
    assert would_circle(Edge(1, 1), [])
    assert not would_circle(Edge(4, 1), [TO_2])


@pytest.mark.parametrize("seed", range(60))
def test_of_all_places_of_a_cause_exactly_one_takes_an_exception(seed):
    chance = random.Random(seed)
    edges = _acts(chance)
    own = chance.randint(1, 5)
    facts = {name: chance.choice("abc") for name in ("sku", "location") if chance.random() < 0.8}

    taking = [
        leaf.target
        for leaf in leaves(own, edges)
        if all(facts.get(fact) == value for fact, value in leaf.must)
        and not any(facts.get(fact) == value for fact, value in leaf.never)
    ]

    assert taking == [place(own, edges, facts)]


def _acts(chance):
    """Edges as people may make them: none leads back, and none is made twice."""
    edges = []
    for _ in range(chance.randint(0, 7)):
        fact = chance.choice(["", "sku", "location"])
        value = chance.choice("ab") if fact else ""
        edge = Edge(chance.randint(1, 5), chance.randint(1, 5), fact, value)
        said = {(each.source, each.fact, each.value) for each in edges}
        if (edge.source, fact, value) not in said and not would_circle(edge, edges):
            edges.append(edge)
    return edges
