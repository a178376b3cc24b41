"""The five style sheets: one place for colours, sizes and fonts; nothing unused; readable."""

import re
from itertools import product
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("tokens", "base", "layout", "components", "print")
SHEETS = {
    name: re.sub(r"/\*.*?\*/", "", (ROOT / f"static/css/{name}.css").read_text(), flags=re.DOTALL)
    for name in NAMES
}
OTHERS = [name for name in NAMES if name != "tokens"]
LIMIT = 35_000

# What text may stand on which ground. Text needs 4.5:1, edges of controls and the ring 3:1.
GROUNDS = ("canvas", "surface", "raised", "sunken", "hover", "picked")
TONES = ("bad", "warn", "mild", "good", "wait")
TEXT_PAIRS = [
    *product(("ink", "ink-2", "ink-3", "accent", "accent-hover"), GROUNDS),
    *product(TONES, ("canvas", "surface", "raised", "hover", "picked")),
    *[(tone, f"{tone}-bg") for tone in TONES],
    *[(ink, f"{tone}-bg") for ink in ("ink", "ink-2") for tone in TONES],
    ("on-accent", "accent"),
    ("on-accent", "accent-hover"),
    # The tick in the round mark of what is done.
    ("surface", "good"),
]
EDGE_PAIRS = [
    *product(("line-firm", "focus"), ("canvas", "surface", "raised", "sunken")),
    *[("accent", ground) for ground in GROUNDS],
]


def declarations(sheet):
    """Every `property: value` of a sheet."""
    return re.findall(r"([\w-]+)\s*:\s*([^;{}]+)(?=[;}])", SHEETS[sheet])


def colours(name):
    """A token's light and dark colour, each as three numbers from 0 to 255."""
    found = re.search(rf"--{name}: light-dark\((#\w{{6}}), (#\w{{6}})\)", SHEETS["tokens"])
    assert found, f"--{name} has no light and dark colour"
    return [[int(each[at : at + 2], 16) for at in (1, 3, 5)] for each in found.groups()]


def luminance(colour):
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [part / 255 for part in colour]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read_in_the_light_and_in_the_dark(text, ground):
    ratios = [contrast(*pair) for pair in zip(colours(text), colours(ground), strict=True)]

    assert min(ratios) >= 4.5, ratios


@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_edges_of_controls_and_the_ring_can_be_seen(edge, ground):
    ratios = [contrast(*pair) for pair in zip(colours(edge), colours(ground), strict=True)]

    assert min(ratios) >= 3, ratios


def test_every_rule_stands_in_a_layer():
    order = re.search(r"@layer ([^;{]+);", SHEETS["tokens"])
    assert order
    layers = [name.strip() for name in order.group(1).split(",")]
    assert layers == ["reset", "tokens", "base", "layout", "components", "utilities"]

    for name, sheet in SHEETS.items():
        outside, depth = "", 0
        for part in re.split(r"([{}])", sheet):
            if depth == 0 and part not in "{}":
                outside += part
            depth += {"{": 1, "}": -1}.get(part, 0)
        heads = re.findall(r"@layer [\w-]+|[^\s;][^;]*", outside.replace(order.group(0), ""))
        assert depth == 0, name
        assert all(head.strip().startswith("@layer ") for head in heads), (name, heads)


@pytest.mark.parametrize("sheet", OTHERS)
def test_only_the_tokens_name_a_colour(sheet):
    named = [
        (key, value)
        for key, value in declarations(sheet)
        if re.search(r"#[0-9a-fA-F]{3,8}\b|\b(rgb|hsl|hwb|lab|lch|oklab|oklch|color)a?\(", value)
        or re.search(r"\b(black|white|red|green|blue|gr[ae]y|orange|yellow)\b", value)
    ]

    assert named == []


@pytest.mark.parametrize("sheet", OTHERS)
def test_only_the_tokens_name_a_font_and_its_sizes(sheet):
    """A part may be sized by its surroundings (em); a size of its own is a token."""
    named = [
        (key, value)
        for key, value in declarations(sheet)
        if (key == "font-family" and "var(--font" not in value)
        or (key == "font-size" and not re.fullmatch(r"var\(--t-[\w-]+\)|[\d.]+em", value.strip()))
        or (key == "font" and value != "inherit" and re.search(r"\d(px|rem|pt)\b", value))
        or (key == "font" and value != "inherit" and "var(--font" not in value)
    ]

    assert named == []


def test_every_token_that_is_used_exists_and_every_one_that_exists_is_used():
    defined = {key for name in NAMES for key, _ in declarations(name) if key.startswith("--")}
    used = {name for sheet in SHEETS.values() for name in re.findall(r"var\((--[\w-]+)", sheet)}

    assert used == defined


def test_every_class_is_used_by_a_page():
    styled = {
        name for sheet in SHEETS.values() for name in re.findall(r"\.([a-zA-Z][\w-]*)", sheet)
    }

    assert sorted(styled - used_words()) == []


def used_words():
    """Words in the class attributes of templates, and in the texts of code that hands out classes.

    The page that shows the components keeps none of them alive.
    """
    found = set()
    for template in (ROOT / "templates").rglob("*.html"):
        if template.parent.name != "styleguide":
            for value in re.findall(r'class="((?:[^"{]|\{[{%].*?[%}]\})*)"', template.read_text()):
                found |= set(re.findall(r"[\w-]+", value))
    for code in [
        *(ROOT / "exceptions_app").rglob("*.py"),
        *(ROOT / "static/js").rglob("*.js"),
    ]:
        if "styleguide" not in code.name:
            for value in re.findall(r"""'[^'\n]*'|"[^"\n]*"|`[^`]*`""", code.read_text()):
                found |= set(re.findall(r"[\w-]+", value))
    # Shapes and tones are put together from a state's code.
    return found | {f"sev--{code}" for code in ("critical", "high", "medium", "low")}


def test_all_sheets_together_stay_small():
    size = sum((ROOT / f"static/css/{name}.css").stat().st_size for name in NAMES)

    assert size <= LIMIT


def test_nothing_moves_for_those_who_asked_for_calm():
    for name, sheet in SHEETS.items():
        moving = re.search(r"\b(transition|animation)\b", sheet)
        assert not moving or "prefers-reduced-motion" in sheet, name


def test_the_focus_ring_is_never_taken_away():
    removed = [
        (name, rule)
        for name, sheet in SHEETS.items()
        for rule in re.findall(r"([^{}]+)\{[^{}]*outline:\s*(?:0|none)", sheet)
    ]

    # The page itself takes the focus after a swap; the skip link must not frame all of it.
    assert [(name, rule.strip()) for name, rule in removed] == [("layout", ".page:focus")]
