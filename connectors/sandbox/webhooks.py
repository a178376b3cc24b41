"""Webhooks a twin sends us: late, twice or out of order when a switch says so.

They go to this machine only, are sent once and never repeated: a nudge that gets lost is what the
poll is for.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connectors import errors, http

Post = Callable[[str, bytes, Mapping[str, str]], int | None]

# A nudge held back for shuffling leaves at the latest after this long.
_HOLD_SECONDS = 1.0


@dataclass(frozen=True)
class Webhook:
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class WebhookSender:
    """Posts to the subscribed addresses from a background thread.

    `copies` is how often each webhook is sent (2 makes duplicates); `shuffle` is how many are held
    and then sent newest first (0 and 1 keep the order).
    """

    def __init__(self, *, post: Post = http.post_webhook) -> None:
        self.copies = 1
        self.shuffle = 0
        self._post = post
        self._urls: list[str] = []
        self._lock = threading.Lock()
        self._queue: queue.Queue[Webhook] = queue.Queue()
        self._thread: threading.Thread | None = None

    def subscribe(self, url: str) -> None:
        with self._lock:
            if url not in self._urls:
                self._urls.append(url)

    def unsubscribe(self, url: str) -> None:
        with self._lock:
            if url in self._urls:
                self._urls.remove(url)

    def subscriptions(self) -> list[str]:
        with self._lock:
            return list(self._urls)

    def clear(self) -> None:
        with self._lock:
            self._urls.clear()
        self.copies, self.shuffle = 1, 0

    def send(self, body: bytes, headers: Mapping[str, str] | None = None) -> int:
        """Queue one webhook for every subscriber; return how many messages will leave."""
        messages = [
            Webhook(url, body, dict(headers or {}))
            for url in self.subscriptions()
            for _ in range(max(self.copies, 0))
        ]
        if messages:
            self._start()
        for message in messages:
            self._queue.put(message)
        return len(messages)

    def drain(self) -> None:
        """Wait until everything queued so far has been sent."""
        self._queue.join()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            for message in reversed(self._gather()):
                # An address that is not this machine's is refused; the thread must outlive that.
                with contextlib.suppress(errors.ConnectorError):
                    self._post(message.url, message.body, message.headers)
                self._queue.task_done()

    def _gather(self) -> list[Webhook]:
        held = [self._queue.get()]
        while len(held) < self.shuffle:
            try:
                held.append(self._queue.get(timeout=_HOLD_SECONDS))
            except queue.Empty:
                break
        return held
