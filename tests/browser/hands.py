"""What a person does at a page: keys, the way to a control, a click that leads on.

Each waits until the page that follows is loaded, so that what is read next is never the old one.
"""

from playwright.sync_api import Page


def act(page: Page, *keys: str) -> None:
    """Press `keys`, of which the last one leads to another page."""
    for key in keys[:-1]:
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press(keys[-1])


def click_on(page: Page, selector: str) -> None:
    """Click what leads to another page."""
    with page.expect_navigation():
        page.click(selector)


def tab_to(page: Page, name: str) -> None:
    """Tab on until the control of this name has the focus."""
    for _ in range(80):
        words = page.evaluate("document.activeElement.innerText ?? ''")
        if words.strip().startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {name!r}")
