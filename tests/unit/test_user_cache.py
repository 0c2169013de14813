"""The user's cache: contents come back, a change of key computes anew, and a useless folder is no error."""

import pytest

from reproduction.config import loading, yaml_files
from reproduction.runtime import checked_configs
from reproduction.storage import source_files, user_cache


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source_files.sources.cache_clear()
    source_files.content.cache_clear()
    yield
    source_files.sources.cache_clear()
    source_files.content.cache_clear()


def project(folder, text: str):
    folder.mkdir(exist_ok=True)
    (folder / "module.py").write_text(text)
    return folder


def test_sources_from_the_cache_equal_those_read(tmp_path):
    first = project(tmp_path / "one", "import numpy\nx = 1\n")
    second = project(tmp_path / "two", "import numpy\nx = 1\n")
    read = source_files.sources(first)
    assert len(list(user_cache.folder().iterdir())) == 1
    kept = source_files.sources(second)  # the same content in another folder
    assert list(kept.values()) == list(read.values())
    assert list(kept) == [second / "module.py"]


def test_a_changed_file_is_read_anew(tmp_path):
    before = source_files.sources(project(tmp_path / "one", "x = 1\n"))
    after = source_files.sources(project(tmp_path / "two", "x = 2\n"))
    assert [source.digest for source in before.values()] != [source.digest for source in after.values()]


def test_a_damaged_entry_is_read_anew(tmp_path):
    folder = project(tmp_path / "one", "x = 1\n")
    read = source_files.sources(folder)
    (entry,) = user_cache.folder().iterdir()
    entry.write_text('{"module.py": ["')
    source_files.sources.cache_clear()
    assert source_files.sources(folder) == read


def test_a_changed_config_is_checked_again():
    raw = {"tier": "draft", "problems": {"k1": {"solution": "sin(pi*x)"}}}
    assert not checked_configs.is_known(raw)
    checked_configs.remember(raw)
    assert checked_configs.is_known(raw)
    assert not checked_configs.is_known(raw | {"tier": "paper"})


def test_a_known_config_is_still_checked_against_the_machine():
    raw = {}
    for name in loading.BASE:
        raw |= yaml_files.read(name)
    with pytest.raises(loading.ConfigError, match="memory"):
        loading.load(raw | {"memory": 0.01}, checked=True)


def test_the_oldest_entries_are_removed(monkeypatch):
    monkeypatch.setattr(user_cache, "KEPT", 3)
    for number in range(5):
        user_cache.write(f"entry{number}", "")
    assert len(list(user_cache.folder().iterdir())) == 3


@pytest.mark.parametrize("place", ["/dev/null", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_no_error(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", place)
    user_cache.write("entry", "text")
    assert user_cache.read("entry") is None
