"""Recorded gate scores: every format, what becomes of them, and one clear line for bad files."""

import numpy as np
import pytest

from dmoe_models import FileError, InstanceError
from dmoe_models.scores.recorded import choose_tokens, group_experts, place_tokens, read_gates

RANDOM = np.random.default_rng(1)
LAYERS, TOKENS = 2, 10
IDS = np.stack([[RANDOM.permutation(64)[:6] for _ in range(TOKENS)] for _ in range(LAYERS)])
WEIGHTS = -np.sort(-RANDOM.integers(100, 2000, (LAYERS, TOKENS, 6)), axis=2)
GOOD = {
    "expert_ids": IDS.astype(np.uint8),
    "weights_1e4": WEIGHTS.astype(np.uint16),
    "seq_len": np.array([4, 6], dtype=np.int32),
}


def write_npz(path, **changes):
    np.savez(path, **{key: value for key, value in (GOOD | changes).items() if value is not None})
    return path


def write_text(path):
    lines = []
    for start, stop in ((0, 4), (4, 10)):
        ids = "\t".join(str(i) for i in IDS[1, start:stop].ravel())
        weights = "\t".join(f"{w / 1e4:.4f}" for w in WEIGHTS[1, start:stop].ravel())
        lines.append(f"{ids}\t\t{weights}\n")
    path.write_text("".join(lines))
    return path


def test_arrays_and_text_of_the_same_layer_agree(tmp_path):
    arrays = read_gates(write_npz(tmp_path / "a.npz"), layer=1)
    text = read_gates(write_text(tmp_path / "a.txt"))
    np.testing.assert_array_equal(arrays.scores, text.scores)
    np.testing.assert_array_equal(arrays.prompt, text.prompt)
    assert arrays.prompt.tolist() == [0] * 4 + [1] * 6
    assert arrays.scores.shape == (TOKENS, 64)
    assert arrays.scores[3, IDS[1, 3, 2]] == WEIGHTS[1, 3, 2] / 1e4
    assert (np.count_nonzero(arrays.scores, axis=1) == 6).all()
    assert arrays.origin == {"file": "a.npz", "layer": 1}


def test_tables_are_read_as_they_are(tmp_path):
    scores = RANDOM.random((5, 4))
    np.save(tmp_path / "t.npy", scores)
    np.savetxt(tmp_path / "t.csv", scores, delimiter=",", fmt="%.17g")
    np.testing.assert_array_equal(read_gates(tmp_path / "t.npy").scores, scores)
    np.testing.assert_array_equal(read_gates(tmp_path / "t.csv").scores, scores)


def test_grouping_adds_consecutive_experts_and_normalises():
    scores = np.array([[0.1, 0.1, 0.0, 0.2], [0.0, 0.0, 0.0, 0.3]])
    np.testing.assert_allclose(group_experts(scores, 2), [[0.5, 0.5], [0.0, 1.0]])
    np.testing.assert_allclose(group_experts(scores, 4).sum(axis=1), 1)


@pytest.mark.parametrize("nodes", [1, 3, 0, 8])
def test_grouping_needs_a_divisor(nodes):
    with pytest.raises(InstanceError, match="4 experts cannot be put on"):
        group_experts(np.full((2, 4), 0.25), nodes)


def test_choice_of_tokens():
    assert choose_tokens(10, 5).tolist() == [0, 2, 4, 6, 8]
    assert choose_tokens(10, 3, "contiguous").tolist() == [0, 1, 2]
    assert len(set(choose_tokens(8222, 512).tolist())) == 512
    with pytest.raises(InstanceError, match="11 tokens were asked for; the record has 10"):
        choose_tokens(10, 11)
    with pytest.raises(InstanceError, match="'all' is not one of spread, contiguous"):
        choose_tokens(10, 2, "all")


def test_placement_of_tokens():
    prompt = np.array([0, 0, 1, 1, 2])
    assert place_tokens(prompt, 2).tolist() == [0, 1, 0, 1, 0]
    assert place_tokens(prompt, 2, "prompt").tolist() == [0, 0, 1, 1, 0]
    assert place_tokens(prompt, 2, "first-node").tolist() == [0] * 5
    with pytest.raises(InstanceError, match="'random' is not one of round-robin"):
        place_tokens(prompt, 2, "random")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seq_len": None}, "there is no array seq_len"),
        ({"seq_len": np.array([4, 5])}, "disagree"),
        ({"seq_len": np.array([14, -4])}, "disagree"),
        ({"weights_1e4": WEIGHTS[:, :, :5]}, "disagree"),
        ({"weights_1e4": WEIGHTS / 1e4}, "array weights_1e4 is float64"),
        ({"expert_ids": IDS[0]}, "array expert_ids is int64 of shape"),
        ({"expert_ids": IDS + 60}, "is not 0 to 63"),
        ({"expert_ids": np.zeros_like(IDS)}, "names an expert twice"),
        ({"weights_1e4": np.zeros_like(WEIGHTS)}, "all scores of token 0 are zero"),
        ({"weights_1e4": -WEIGHTS}, "is negative"),
    ],
)
def test_bad_arrays(tmp_path, changes, message):
    path = write_npz(tmp_path / "bad.npz", **changes)
    with pytest.raises(FileError, match=message) as caught:
        read_gates(path, layer=0)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("layer", [-1, 2, None])
def test_bad_layer(tmp_path, layer):
    with pytest.raises(FileError, match="layer"):
        read_gates(write_npz(tmp_path / "a.npz"), layer=layer)


def test_a_layer_is_asked_for_with_the_choice(tmp_path):
    with pytest.raises(FileError, match="layer is needed, the file holds 0 to 1"):
        read_gates(write_npz(tmp_path / "a.npz"))


@pytest.mark.parametrize("layer", [None, 0])
def test_another_recording_says_what_was_expected_and_found(tmp_path, layer):
    np.savez(tmp_path / "csi.npz", csi_iq=np.ones((2, 3, 4, 2)), rssi_dbm=np.ones(2))
    with pytest.raises(FileError) as caught:
        read_gates(tmp_path / "csi.npz", layer=layer)
    assert "expected expert_ids, weights_1e4, seq_len, found csi_iq, rssi_dbm" in str(caught.value)


def test_layer_of_a_file_of_one_layer(tmp_path):
    with pytest.raises(FileError, match="holds one"):
        read_gates(write_text(tmp_path / "a.txt"), layer=0)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.txt", b"", "empty"),
        ("no_gap.txt", b"1\t2\t3\t4\t5\t6\n", "line 1 is not six"),
        ("five.txt", b"1\t2\t3\t4\t5\t\t.1\t.1\t.1\t.1\t.1\n", "line 1 is not six"),
        ("words.txt", b"a\tb\tc\td\te\tf\t\t.1\t.1\t.1\t.1\t.1\t.1\n", "line 1: expert 0"),
        ("gap.txt", b"1\t2\t3\t4\t5\t6\t\t.1\t\t.1\t.1\t.1\t.1\n", "line 1: score 1 = ''"),
        ("ten.txt", b"1\t2\t3\t4\t5\t1_0\t\t.1\t.1\t.1\t.1\t.1\t.1\n", "expert 5 = '1_0'"),
        ("huge.txt", b"9" * 30 + b"\t2\t3\t4\t5\t6\t\t.1\t.1\t.1\t.1\t.1\t.1\n", "huge.txt"),
        ("nan.txt", b"1\t2\t3\t4\t5\t6\t\tnan\t.1\t.1\t.1\t.1\t.1\n", "is negative or not finite"),
        ("binary.txt", bytes(range(128, 256)), "binary.txt"),
        ("ragged.csv", b"0.5,0.5\n1.0\n", "ragged.csv"),
        ("words.csv", b"a,b\n", "words.csv"),
        ("one_column.csv", b"1\n1\n", r"shape \(2, 1\)"),
        ("negative.csv", b"0.5,-0.5\n", "is negative"),
        ("truncated.npz", b"PK\x03\x04abc", "cannot be read as .npz"),
        ("text.npz", b"hello", "cannot be read as .npz"),
        ("empty.npz", b"", "cannot be read as .npz"),
        ("text.npy", b"hello", "cannot be read as .npy"),
        ("what.json", b"{}", "gate scores are .npz, .txt, .npy or .csv files"),
    ],
)
@pytest.mark.filterwarnings("ignore:loadtxt")
def test_bad_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileError, match=message) as caught:
        read_gates(path, layer=0 if name.endswith("npz") else None)
    assert name in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".npz", ".txt", ".npy", ".csv"])
def test_missing_file_and_directory(tmp_path, suffix):
    layer = 0 if suffix == ".npz" else None
    with pytest.raises(FileError, match=r"(?i)no such file|not found"):
        read_gates(tmp_path / f"missing{suffix}", layer=layer)
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    with pytest.raises(FileError, match=r"(?i)directory"):
        read_gates(folder, layer=layer)


def test_truncated_archive(tmp_path):
    path = tmp_path / "cut.npz"
    np.savez_compressed(path, **GOOD)
    whole = path.read_bytes()
    damaged = bytearray(whole)
    damaged[60:140] = bytes(80)
    for content in (whole[:100], whole[:-30], bytes(damaged)):
        path.write_bytes(content)
        with pytest.raises(FileError, match=r"cut\.npz"):
            read_gates(path, layer=0)


def test_array_of_the_wrong_kind(tmp_path):
    np.save(tmp_path / "flat.npy", np.ones(4))
    with pytest.raises(FileError, match="shape"):
        read_gates(tmp_path / "flat.npy")
    np.save(tmp_path / "complex.npy", np.ones((4, 4), dtype=complex))
    with pytest.raises(FileError, match="complex128"):
        read_gates(tmp_path / "complex.npy")
    np.save(tmp_path / "objects.npy", np.array([[{}]]), allow_pickle=True)
    with pytest.raises(FileError, match=r"objects\.npy"):
        read_gates(tmp_path / "objects.npy")
