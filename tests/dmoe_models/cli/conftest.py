"""What several tests of the command need."""

import pytest

from command_runner import Runner
from command_samples import write_files


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """Runs commands on screens of every kind, each in a copy of the samples' folder."""
    folder = tmp_path_factory.mktemp("samples")
    write_files(folder)
    runner = Runner(folder)
    yield runner
    runner.close()
