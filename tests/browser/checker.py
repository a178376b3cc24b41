"""Asks axe what a page breaks.

Only violations leave the browser: what else axe says of a page (each element that passed, with its
markup) costs several times the check itself and is read by nobody.
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Frame, Page

_SCRIPT = Axe().axe_script
_VIOLATIONS = """async (options) => {
    const found = await axe.run(document, options);
    return found.violations.flatMap(violation => violation.nodes.map(
        node => `${violation.id}: ${violation.help} at ${JSON.stringify(node.target)}`));
}"""


# Runs before a page's own scripts: notes that the page is about to be left, from the click on.
WATCH_FOR_LEAVING = """navigation.addEventListener("navigate", event => {
    window.isLeft = !event.destination.sameDocument && event.downloadRequest === null;
});"""
_STANDS = "() => !window.isLeft && document.readyState === 'complete'"


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """Each element that breaks one of `rules` (axe's `runOnly`), as a sentence; empty if none.

    Asked only of a page that stands: an answer about a page that is left meanwhile is none, and
    the page that follows is asked in its place.
    """
    left: list[Frame] = []

    def note(frame: Frame) -> None:
        left.append(frame)

    page.on("framenavigated", note)
    try:
        while True:
            left.clear()
            page.wait_for_function(_STANDS)
            try:
                found = _ask(page, rules)
            except Error:
                if page.main_frame not in left:
                    raise
            else:
                if page.main_frame not in left:
                    return found
    finally:
        page.remove_listener("framenavigated", note)


def _ask(page: Page, rules: dict[str, object]) -> list[str]:
    # From the top: what is half under the bar on top would count as too small a target.
    page.evaluate("scrollTo(0, 0)")
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    found: list[str] = page.evaluate(_VIOLATIONS, {"runOnly": rules, "resultTypes": ["violations"]})
    return found
