"""A folder is filled as a whole or not at all, whatever was there and whatever goes wrong."""

from __future__ import annotations

import errno
import os

import pytest

from dmoe_models import FileError, write_instance
from dmoe_models.files.folders import filled_folder
from instances.families import draw


def fill(folder, names=("a", "b"), error=None):
    with filled_folder(folder) as aside:
        for name in names:
            (aside / name).write_text(f"new {name}")
        if error is not None:
            raise error


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


def test_a_new_folder_is_made_with_those_above_it(tmp_path):
    fill(tmp_path / "x" / "y" / "z")
    assert content(tmp_path / "x" / "y" / "z") == {"a": "new a", "b": "new b"}
    assert [path.name for path in (tmp_path / "x" / "y").iterdir()] == ["z"]


def test_a_folder_that_is_there_keeps_what_else_it_holds(tmp_path):
    (tmp_path / "a").write_text("old a")
    (tmp_path / "c").write_text("old c")
    (tmp_path / "other").mkdir()
    fill(tmp_path)
    assert content(tmp_path) == {"a": "new a", "b": "new b", "c": "old c"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c", "other"]


FAULTS = [
    OSError(errno.ENOSPC, "No space left on device"),
    KeyboardInterrupt(),
    SystemExit(3),
    ValueError("mine"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_nothing_new_remains_where_it_fails(tmp_path, fault):
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "a").write_text("old a")
    for folder in (tmp_path / "there", tmp_path / "new" / "deep"):
        wanted = FileError if isinstance(fault, OSError) else type(fault)
        with pytest.raises(wanted) as caught:
            fill(folder, error=fault)
        if wanted is FileError:
            assert str(caught.value) == f"{folder}: No space left on device"
    assert content(tmp_path / "there") == {"a": "old a"}
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_file_that_cannot_be_written_is_named_as_it_would_be_called(tmp_path, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with (
        pytest.raises(FileError, match=f"^{tmp_path}/new/one.json: No space left on device$"),
        filled_folder(tmp_path / "new") as aside,
    ):
        write_instance(draw("rayleigh", 1, K=2, T=1), aside / "one.json")
    assert list(tmp_path.iterdir()) == []


def test_a_directory_in_the_way_is_seen_before_anything_is_moved(tmp_path):
    (tmp_path / "b").mkdir()
    with pytest.raises(FileError, match="b: is a directory, not a file"):
        fill(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["b"]


def test_a_file_in_place_of_the_folder(tmp_path):
    (tmp_path / "file").write_text("mine")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FileError, match="is a file, not a directory"):
            fill(folder)
    assert content(tmp_path) == {"file": "mine"}


def test_links_go_on_pointing_where_they_do(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "elsewhere").write_text("old")
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real" / "a").symlink_to(tmp_path / "elsewhere")
    fill(tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "real" / "a").is_symlink()
    assert (tmp_path / "elsewhere").read_text() == "new a"


def test_without_files_there_is_no_folder(tmp_path):
    fill(tmp_path / "new", names=())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.getuid() == 0, reason="everything can be written by this user")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(FileError, match="Permission denied"):
        fill(tmp_path / "new")
    tmp_path.chmod(0o700)
