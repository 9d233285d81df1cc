"""Tables as programs write them are read; what is missing or may be misread is named."""

import numpy as np
import pandas as pd
import pytest

from dmoe_models import FileError, InstanceError
from dmoe_models.scores.recorded import GateRecord, read_gates

SCORES = np.random.default_rng(4).dirichlet(np.ones(4), 3)
NAMES = [f"expert{j}" for j in range(4)]
ROWS = [",".join(map(repr, row)) for row in SCORES.tolist()]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(ROWS),
        "\ufeff" + "\n".join(ROWS) + "\n",
        "\r\n".join([",".join(NAMES), *ROWS, "", ""]),
        "\ufeff" + "\r\n".join([",".join(f'"{name}"' for name in NAMES), *ROWS]),
        "\n".join(["# of layer 3", " , ".join(["first expert", *NAMES[1:]]), "", *ROWS, "  "]),
        "\n".join(",".join(f'"{cell}"' for cell in row.split(",")) for row in ROWS),
        "\n".join(row.replace(",", ", ") + "  # a token" for row in ROWS),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_programs_write_is_read_to_the_last_bit(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text.encode())
    np.testing.assert_array_equal(read_gates(tmp_path / "t.csv").scores, SCORES)


def test_what_pandas_writes(tmp_path):
    table = pd.DataFrame(SCORES, columns=NAMES)
    table.to_csv(tmp_path / "t.csv", index=False)
    np.testing.assert_array_equal(read_gates(tmp_path / "t.csv").scores, SCORES)
    table.to_csv(tmp_path / "index.csv")
    with pytest.raises(FileError, match="line 1: the first column has no name"):
        read_gates(tmp_path / "index.csv")
    table.to_csv(tmp_path / "named.csv", index_label="token")
    with pytest.raises(FileError, match="line 1: column 'token' is of no expert"):
        read_gates(tmp_path / "named.csv")
    pd.DataFrame(SCORES).to_csv(tmp_path / "numbers.csv", index=False)
    with pytest.raises(FileError, match="line 1 holds the numbers of columns"):
        read_gates(tmp_path / "numbers.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\ufeff", "is empty"),
        ("\r\n \n", "is empty"),
        ("# a comment\n", "is empty"),
        (",".join(NAMES) + "\n", "holds a header and no scores"),
        ("0.5,0.5\n0.5,\n", "line 2, column 2 = '': a score is missing"),
        ("0.5,0.5\n\nNA,0.5\n", "line 3, column 1 = 'NA': a score is missing"),
        ("NA,NA\n0.5,0.5\n", "line 1, column 1 = 'NA': a score is missing"),
        ("#N/A,0.5\n0.5,0.5\n", "line 1 holds #N/A: a score is missing"),
        ("0.5,0.5\n#DIV/0!,0.5\n", "line 2 holds #DIV/0!: a score is missing"),
        ("<NA>,<NA>\n0.5,0.5\n", "line 1, column 1 = '<NA>': a score is missing"),
        ("layer,a,b\n3,0.5,0.5\n", "column 'layer' is of no expert"),
        ("a,b,prompt\n0.5,0.5,3\n", "column 'prompt' is of no expert"),
        ("8,9,10\n0.5,0.2,0.3\n", "line 1 holds the numbers of columns"),
        ("a,b\n0.5,nan\n", "line 2, column 2 = 'nan': a score is missing"),
        ("a,b\n0.5,0.5\n0.5\n", "line 3 has 1 cell(s), the lines before have 2"),
        ("a,b\n0.2,0.3,0.5\n", "line 2 has 3 cell(s), the lines before have 2"),
        ("a,0.5\n0.5,0.5\n", "line 1, column 1 = 'a' is not a number"),
        ("a,b\nc,d\n0.5,0.5\n", "line 2, column 1 = 'c' is not a number"),
        ("0,5;0,5\n", "line 1, column 2 = '5;0' is not a number (cells are separated by commas)"),
        ("a,a\n0.5,0.5\n", "the name 'a' stands twice"),
        ("0.5,1_0\n", "column 2 = '1_0' is not a number"),
        ("0.5,inf\n", "scores[0,1] = inf"),
        ("0.5,-0.5\n", "scores[0,1] = -0.5"),
        ('"0.5,0.5\n', "line 1"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_missing_is_named(tmp_path, text, words):
    path = tmp_path / "t.csv"
    path.write_bytes(text.encode())
    with pytest.raises(FileError) as caught:
        read_gates(path)
    assert words in str(caught.value) and str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_text_of_another_code_is_no_table(tmp_path):
    (tmp_path / "t.csv").write_bytes("0.5,0.5\n".encode("utf-16"))
    with pytest.raises(FileError, match="not UTF-8 text"):
        read_gates(tmp_path / "t.csv")


def test_a_record_of_ones_own_has_no_gaps():
    prompt = np.zeros(3, dtype=int)
    hidden = np.ma.masked_array(SCORES, mask=SCORES[1, 2] == SCORES)
    with pytest.raises(InstanceError, match=r"scores\[1,2\] is missing"):
        GateRecord(hidden, prompt, {})
    with pytest.raises(InstanceError, match=r"scores\[0,0\] = nan"):
        GateRecord(np.full((3, 2), np.nan), prompt, {})
    with pytest.raises(InstanceError, match="prompt: 3 entries for 2 tokens"):
        GateRecord(SCORES[:2], prompt, {})
    np.testing.assert_array_equal(GateRecord(SCORES, prompt, {}).scores, SCORES)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.25])
def test_arrays_with_gaps_are_named(tmp_path, bad):
    scores = SCORES.copy()
    scores[2, 1] = bad
    np.save(tmp_path / "t.npy", scores)
    with pytest.raises(FileError, match=r"scores\[2,1\] = "):
        read_gates(tmp_path / "t.npy")
    np.save(tmp_path / "o.npy", scores.astype(object), allow_pickle=True)
    with pytest.raises(FileError, match=r"cannot be read as \.npy"):
        read_gates(tmp_path / "o.npy")
