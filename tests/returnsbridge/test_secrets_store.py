import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

from returnsbridge import secrets_store


def test_a_clone_keeps_its_keys_to_itself(tmp_path):
    first = secrets_store.kept_secret_key(tmp_path / "data")

    assert secrets_store.kept_secret_key(tmp_path / "data") == first
    assert len(first) >= 50
    mode = stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode)
    assert mode == 0o600


def test_many_starts_at_once_agree_on_one_key(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: secrets_store.kept_credential_key(tmp_path), range(32)))

    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["credential_key"]


def test_a_bad_credential_key_is_named_by_place_and_never_shown():
    with pytest.raises(ImproperlyConfigured) as refused:
        secrets_store.check_credential_keys([Fernet.generate_key().decode(), "canary"])

    assert "key 2 of 2" in str(refused.value)
    assert "canary" not in str(refused.value)
