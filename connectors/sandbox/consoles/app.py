"""The consoles as a WSGI app: `/` all systems, `/<system>/`, `/<system>/<room>/`, and a record's
own page `/<system>/<room>/one?key=…`; an act is a POST to the page it stands on.

Open to whoever is at this machine, as the control address is. No other site can post to it: a post
carries a token that only our own pages hold, and a name that merely resolves here is refused.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from connectors.sandbox.base import NOTE, Twin
from connectors.sandbox.consoles import availability, keys, pages, roster
from connectors.sandbox.consoles.markup import Html, tag
from connectors.sandbox.consoles.pages import MOUNT, Answer, Frame
from connectors.sandbox.consoles.reading import checked
from connectors.sandbox.consoles.room import Act, Room, Row, Sheet, Table, Wrong

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"
_STALE = (
    "This page is older than the systems it belongs to, or the post came from elsewhere. Nothing"
    " was changed. Load the page again, then send it once more."
)
_SIMULATED = (
    "A simulation on this machine. Returnsbridge is told of a change as the real system would"
    " tell it: with its next poll or message, within some minutes."
)


@dataclass(frozen=True, slots=True)
class _Place:
    """A page: its title, way back and acts, and how it looks with an answer."""

    title: str
    trail: Sequence[tuple[str, str]]
    acts: Sequence[Act]
    body: Callable[[Frame, Answer], Sequence[object]]


class Consoles:
    """A WSGI app over the given twins; `titles` are their names for people."""

    def __init__(self, twins: Mapping[str, Twin], titles: Mapping[str, str] | None = None) -> None:
        self._twins = dict(twins)
        self._titles = dict(titles or {})
        self._token = secrets.token_urlsafe(24)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = self._answer(Request(environ))
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Simulated"] = NOTE
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if urlsplit(f"//{request.host}").hostname not in _HOSTS:
            return self._refused(403, "These pages answer to this machine's own address only.")
        path = [part for part in request.path.split("/") if part]
        if path == ["style.css"]:
            return Response(pages.STYLE, content_type="text/css; charset=utf-8")
        if request.method not in ("GET", "HEAD", "POST"):
            return self._refused(405, "These pages are read and posted to.")
        if request.method == "POST" and not self._is_ours(request):
            return self._refused(403, _STALE)
        twin = self._twins.get(path[0]) if path else None
        if twin is None:
            return self._page(self._index(request)) if not path else self._missing()
        with twin.lock:
            twin.settle()
            place = self._place(request, path[0], twin, path[1:])
            if place is None:
                return self._missing()
            return (
                self._done(request, place)
                if request.method == "POST"
                else self._page(place, Answer(done=self._said(request)))
            )

    def _is_ours(self, request: Request) -> bool:
        is_same = request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")
        return is_same and hmac.compare_digest(
            request.form.get("token", "").encode(), self._token.encode()
        )

    def _done(self, request: Request, place: _Place) -> Response:
        """Carry out the posted act, then show the page anew; a refused one keeps what was typed."""
        act = next((each for each in place.acts if each.code == request.form.get("act")), None)
        if act is None:
            gone = Wrong("", "This can no longer be done here: the record has changed meanwhile.")
            return self._page(place, Answer(wrong=gone), status=422)
        try:
            said = act.carry(checked(act, request.form))
        except Wrong as wrong:
            answer = Answer(act=act.code, wrong=wrong, typed=request.form)
            return self._page(place, answer, status=422)
        kept = {"key": request.args["key"]} if "key" in request.args else {}
        query = urlencode({**kept, "done": said, "sign": self._sign(said)})
        return Response(status=303, headers={"Location": f"{MOUNT}{request.path}?{query}"})

    def _said(self, request: Request) -> str:
        """What the last act came to; only words of our own are shown."""
        said = request.args.get("done", "")
        is_ours = hmac.compare_digest(
            request.args.get("sign", "").encode(), self._sign(said).encode()
        )
        return said if said and is_ours else ""

    def _sign(self, said: str) -> str:
        return hmac.new(self._token.encode(), said.encode(), "sha256").hexdigest()[:20]

    # --- places -------------------------------------------------------------------------------

    def _place(self, request: Request, name: str, twin: Twin, path: Sequence[str]) -> _Place | None:
        rooms = {room.code: room for room in roster.rooms(twin)}
        if not path:
            return self._system(name, twin, rooms)
        room = rooms.get(path[0])
        if room is None or path[1:] not in ([], ["one"]):
            return None
        trail = [*self._trail(), (self._title(name), f"{MOUNT}/{name}/")]
        base = f"{MOUNT}/{name}/{room.code}/"
        if not path[1:]:
            return _list(room, request.args.get("q", ""), trail, base)
        shown = room.sheet(request.args.get("key", ""))
        return None if shown is None else _record(shown, [*trail, (room.title, base)])

    def _index(self, request: Request) -> _Place:
        root = f"{request.scheme}://{request.host}/"
        rows = [
            Row(name, [self._link(name), availability.told(twin), f"{root}{name}/"])
            for name, twin in self._twins.items()
        ]
        shown = Table(columns=("System", "Now", "Called at"), rows=rows)

        def body(_frame: Frame, _answer: Answer) -> Sequence[object]:
            return [tag("p", _SIMULATED, class_="note"), pages.table(shown)]

        return _Place("Simulated systems", (), (), body)

    def _link(self, name: str) -> Html:
        return tag("a", self._title(name), href=f"{MOUNT}/{name}/")

    def _system(self, name: str, twin: Twin, rooms: Mapping[str, Room]) -> _Place:
        act = availability.act(twin)
        more = keys.acts(twin)
        links = {room.title: f"{MOUNT}/{name}/{code}/" for code, room in rooms.items()}

        def body(frame: Frame, answer: Answer) -> Sequence[object]:
            none = tag("p", "Nothing can be changed by hand in this one but how it answers.")
            return [
                tag("p", _SIMULATED, class_="note"),
                pages.rooms(links) if links else none,
                tag("h2", "Connection"),
                tag("p", "Now: ", availability.told(twin), "."),
                frame.form(act, answer, is_open=True),
                *(frame.form(each, answer) for each in more),
            ]

        return _Place(self._title(name), self._trail(), (act, *more), body)

    def _trail(self) -> list[tuple[str, str]]:
        return [("Simulated systems", f"{MOUNT}/")]

    def _title(self, name: str) -> str:
        return self._titles.get(name, name)

    # --- answers ------------------------------------------------------------------------------

    def _page(self, place: _Place, answer: Answer | None = None, *, status: int = 200) -> Response:
        answer = answer or Answer()
        frame = Frame(self._token, place.trail)
        html = frame.page(place.title, *place.body(frame, answer), answer=answer)
        return Response(html, status=status, content_type="text/html; charset=utf-8")

    def _missing(self) -> Response:
        return self._refused(404, "There is no such page here, or the record is no longer there.")

    def _refused(self, status: int, words: str) -> Response:
        frame = Frame("", self._trail())
        html = frame.page("Not possible", tag("p", words, class_="wrong"))
        return Response(html, status=status, content_type="text/html; charset=utf-8")


def _list(room: Room, query: str, trail: Sequence[tuple[str, str]], base: str) -> _Place:
    acts = room.acts()

    def body(frame: Frame, answer: Answer) -> Sequence[object]:
        forms = [frame.form(act, answer) for act in acts]
        return [*forms, pages.search(query, room.hint), pages.table(room.found(query), base)]

    return _Place(room.title, trail, acts, body)


def _record(shown: Sheet, trail: Sequence[tuple[str, str]]) -> _Place:
    def body(frame: Frame, answer: Answer) -> Sequence[object]:
        return [pages.sheet(shown), *(frame.form(act, answer) for act in shown.acts)]

    return _Place(shown.title, trail, shown.acts, body)
