"""Fitting the family `calibrated`: the file that is written, and data that is not there."""

import numpy as np
import pytest

from dmoe_models.scores.fitted import fitted_kinds
from instances.recorded.fit_scores import main, write


def test_parameters_are_written_as_they_are_read(tmp_path, monkeypatch):
    fitted = {"law": [[{"share": 0.25, "scale": 1.5, "bias": [1, -2]}]]}
    write(fitted, tmp_path / "mine.json")
    monkeypatch.setattr("dmoe_models.scores.fitted.PARAMETERS", tmp_path / "mine.json")
    kind = fitted_kinds.__wrapped__()["law"][0][0]
    assert (kind.share, kind.scale) == (0.25, 1.5)
    np.testing.assert_allclose(kind.bias, [0.05, -0.1], rtol=1e-15)


def test_no_recordings_to_fit_to(capsys, tmp_path):
    target = tmp_path / "out.json"
    with pytest.raises(SystemExit) as left:
        main(["--data", str(tmp_path), "--output", str(target)])
    assert left.value.code == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ") and message.count("\n") == 1 and "intent.npz" in message
    assert not target.exists()
