"""Asks axe what a page breaks.

Only violations leave the browser: what else axe says of a page (each element that passed, with its
markup) costs several times the check itself and is read by nobody.
"""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_SCRIPT = Axe().axe_script
_VIOLATIONS = """async (options) => {
    const found = await axe.run(document, options);
    return found.violations.flatMap(violation => violation.nodes.map(
        node => `${violation.id}: ${violation.help} at ${JSON.stringify(node.target)}`));
}"""


def violations(page: Page, rules: dict[str, object]) -> list[str]:
    """Each element that breaks one of `rules` (axe's `runOnly`), as a sentence; empty if none."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_SCRIPT)
    found: list[str] = page.evaluate(_VIOLATIONS, {"runOnly": rules, "resultTypes": ["violations"]})
    return found
