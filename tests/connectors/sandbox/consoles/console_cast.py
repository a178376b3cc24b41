"""A person at a console: reads its pages and posts its forms as a browser would."""

import html
import re

from werkzeug.test import Client

from connectors.sandbox import server

HERE = "http://127.0.0.1:8100"


class Person:
    def __init__(self, **twins):
        self._client = Client(server.build_app(twins, {"bluecherry": "BlueCherry Alder UK"}))

    def read(self, path, **options):
        options.setdefault("base_url", HERE)
        return self._client.get(f"/_systems/{path}", **options)

    def text(self, path):
        """What a page says, without its markup."""
        told = re.sub(r"<[^>]+>", " ", self.read(path).text)
        return re.sub(r"\s+", " ", html.unescape(told))

    def token(self, path):
        return re.search(r'name="token" value="([^"]+)"', self.read(path).text).group(1)

    def post(self, path, act, *, token=None, base_url=HERE, headers=None, **fields):
        """Send one form of a page; the answer is not followed."""
        token = self.token(path) if token is None else token
        return self._client.post(
            f"/_systems/{path}",
            data={"token": token, "act": act, **fields},
            base_url=base_url,
            headers=headers or {},
        )

    def does(self, path, act, **fields):
        """Send one form that is accepted; what the page says of it then."""
        answer = self.post(path, act, **fields)
        assert answer.status_code == 303, answer.text
        shown = self._client.get(answer.headers["Location"], base_url=HERE).text
        return html.unescape(re.search(r'class="done" role="status">([^<]*)<', shown).group(1))


def refusal(answer):
    """The sentence of a refused form."""
    assert answer.status_code == 422
    return html.unescape(re.search(r'class="wrong" role="alert">([^<]*)<', answer.text).group(1))
