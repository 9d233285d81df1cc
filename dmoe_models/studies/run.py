"""A study in one call: run it, or go on with it, and return what it found."""

from __future__ import annotations

from pathlib import Path

from dmoe_models.errors import require_kind
from dmoe_models.files.paths import require_path
from dmoe_models.presentation.progress import Asked
from dmoe_models.studies.analysis.findings import StudyReport, gather
from dmoe_models.studies.configuration import configuration_file, read_design
from dmoe_models.studies.design import Design
from dmoe_models.studies.engine.database import Database
from dmoe_models.studies.engine.engine import Listener, run_design
from dmoe_models.studies.engine.progress import listening
from dmoe_models.studies.study import StudyError, find_study


def run_study(
    study: str | Path | Design,
    folder: str | Path | None = None,
    *,
    full: bool = False,
    workers: int | None = None,
    scheduler: str | None = None,
    data: str | Path | None = None,
    retry_failed: bool = False,
    allow_code: bool = False,
    listener: Listener | None = None,
    progress: Asked = None,
) -> StudyReport:
    """Run a study until all of its tasks are done, or go on with it, and return what it found.

    Parameters
    ----------
    study : str, path or Design
        The name of a study, for the package's own configuration of it; or a configuration: the path
        of a TOML file, or what `read_design` returned.
    folder : path, optional
        Where its database is, or will be; by default "study-" and the study's name.
    full : bool
        The package's full configuration instead of the default one: it takes long.
    workers : int, optional
        Processes on this machine; by default one for every core that this process may use. 0: one,
        without Dask.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers are used instead.
    data : path, optional
        Directory of recorded data; tasks that need it wait for a run that has it.
    retry_failed : bool
        Try again what failed in earlier runs.
    allow_code : bool
        Whether code that the configuration names, methods and families of its author, may be run.
    listener : Listener, optional
        Called as the run proceeds.
    progress : bool or callable, optional
        Whether to show how far it is; by default in a notebook without a `listener`. Or what is
        called with a line of words, and how many tasks are done and are there.

    Returns
    -------
    StudyReport
        `rows`, `tables`, `verdicts`, `pictures`, and how many tasks failed or wait for data.

    Raises
    ------
    StudyError
        For an unknown study, a configuration that cannot be read, or a run that cannot be made.
    """
    hint = "; name a study, a configuration's file, or give a Design"
    require_kind("study", study, str | Path | Design, StudyError, hint)
    if isinstance(study, Design):
        design = study
    elif Path(study).suffix:
        design = read_design(Path(study), allow_code=allow_code)
    else:
        name = find_study(study).name
        design = read_design(configuration_file(name, "full" if full else "default"))
    place = Path(folder or f"study-{design.study.name}")
    if listener is not None and progress:
        raise StudyError("give a listener or progress, not both")
    with listening(False if listener is not None else progress) as shown:
        run_design(
            design,
            place,
            workers=workers,
            scheduler=scheduler,
            data=None if data is None else Path(data),
            retry_failed=retry_failed,
            listener=listener or shown,
        )
    return read_study(place)


def read_study(folder: str | Path) -> StudyReport:
    """Return what the study in a folder found so far, running or not.

    Raises
    ------
    StudyError
        Where no study is there.
    """
    require_path(folder)
    with Database(Path(folder)) as database:
        return gather(database)
