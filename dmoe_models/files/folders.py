"""Folders that are filled as a whole or not at all: built aside, put in place at the end."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dmoe_models.errors import FileError
from dmoe_models.files.paths import TEMPORARY, make_folder, replacement, require_folder


@contextmanager
def filled_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty temporary folder; the files written there go into `folder` at the end.

    A folder that is not there is made, with those above it. One that is there keeps what else it
    holds; files of the same names are replaced, in the order in which they were written. Where the
    enclosed code fails, is interrupted, or writes nothing, all is as it was before.

    Parameters
    ----------
    folder : path
        A link goes on pointing where it does.

    Yields
    ------
    path
        For files, and no folders.

    Raises
    ------
    FileError
        In one line that names the folder, or the file in it, which cannot be written.
    """
    target = Path(os.path.realpath(folder))
    require_folder(target)
    made = [path for path in (target, *target.parents) if not path.exists()]
    # Beside the folder, or inside where that is there: its own parent may not be ours to write.
    place = target.parent if made else target
    temporary = place / f"{TEMPORARY}{secrets.token_hex(8)}"
    complete = False
    try:
        make_folder(temporary)
        yield temporary
        if any(temporary.iterdir()):
            _put_in_place(temporary, target)
            complete = True
    except FileError as error:
        raise FileError(str(error).replace(str(temporary), os.fspath(folder))) from error
    except OSError as error:
        raise FileError(f"{os.fspath(folder)}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if not complete:
            for path in made:
                with suppress(OSError):  # somebody else has put something there meanwhile
                    path.rmdir()


def _put_in_place(temporary: Path, target: Path) -> None:
    """Move the files where they belong; nothing is moved where one of them cannot be."""
    if not target.exists():
        os.rename(temporary, target)
        return
    files = sorted(temporary.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for file in files:
        if (target / file.name).is_dir():
            raise FileError(f"{target / file.name}: is a directory, not a file")
    for file in files:
        if (target / file.name).is_symlink():  # which goes on pointing where it does
            with replacement(target / file.name) as copy:
                shutil.copyfile(file, copy)
        else:
            os.replace(file, target / file.name)
