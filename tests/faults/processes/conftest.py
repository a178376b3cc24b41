"""One installation for all rounds: starting real processes is what costs the time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import rows
from tests.faults.processes.site import Site


@pytest.fixture(scope="module")
def site(
    django_db_setup: None, django_db_blocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The processes and their rows, which are committed; both are gone afterwards."""
    folder: Path = tmp_path_factory.mktemp("processes")
    with django_db_blocker.unblock():
        site = Site(folder)
        try:
            site.up()
            yield site
        finally:
            site.down()
            rows.remove_all()


@pytest.fixture
def _django_db_helper(site: Site) -> None:
    """In the place of pytest-django's: other processes must see the rows, so no transaction is
    open around a test, and none of the rows the next round needs are flushed after it."""
