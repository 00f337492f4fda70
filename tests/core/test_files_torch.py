"""PyTorch's own files: bit for bit what torch wrote, layers that compute what torch computes, and hostile ones refused."""

from __future__ import annotations

import gzip
import importlib
import io
import os
import pickle
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.reading import outcome
from helpers.real_files import real_file
from helpers.saved_forward import forward
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.files.arrays import array
from core.files.limits import LIMITS
from core.files.pickles.read_sklearn import read as read_pickled
from core.files.problem import FileProblem
from core.files.saved import Saved
from core.files.torch_format.read_torch import read
from core.files.worker import read as read_in_child

torch = pytest.importorskip("torch", reason="the oracle extra is not installed")
nn, prune = torch.nn, importlib.import_module("torch.nn.utils.prune")

ZIP, LEGACY = "zip", "legacy"
FORMS = (ZIP, LEGACY)


def written(path: Path, value: Any, form: str = ZIP) -> Path:
    torch.save(value, path, _use_new_zipfile_serialization=form == ZIP)
    return path


def opened(path: Path) -> Saved:
    return Saved.from_data(read(path, LIMITS).to_data())


def same(saved: Saved, name: str, wanted: Any) -> None:
    got = array(saved, name)
    exact = wanted.detach().float() if wanted.dtype == torch.bfloat16 else wanted.detach()
    assert saved.tensor(name).dtype == str(wanted.dtype).removeprefix("torch.")
    assert got.shape == tuple(wanted.shape)
    assert got.tobytes() == exact.contiguous().numpy().tobytes()


def network(dtype: Any = None) -> Any:
    torch.manual_seed(3)
    made = nn.Sequential(
        nn.Flatten(), nn.Linear(6, 5), nn.BatchNorm1d(5), nn.LeakyReLU(0.2), nn.Dropout(0.3),
        nn.Sequential(nn.Linear(5, 4, bias=False), nn.LayerNorm(4), nn.GELU(approximate="tanh")),
        nn.Linear(4, 4), nn.ELU(0.7), nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 3), nn.Sigmoid(), nn.Identity(),
        nn.Linear(3, 3), nn.Softplus(), nn.ReLU(), nn.Linear(3, 3), nn.GELU(), nn.Linear(3, 3), nn.SiLU(), nn.Linear(3, 3),
        nn.SELU(), nn.Softsign(), nn.Linear(3, 2), nn.LogSoftmax(dim=1),
    ).to(dtype or torch.float32)  # fmt: skip
    made.train()
    for _ in range(3):
        made(torch.randn(20, 2, 3, dtype=dtype))
    return made.eval()


# ---- numbers


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64"]
)
def test_tensors_are_those_of_torch_to_the_last_bit(form: str, dtype: str, tmp_path: Path):
    kind = getattr(torch, dtype)
    whole = (torch.arange(24).reshape(4, 6) - 7).to(kind)
    value = {
        "whole": whole, "turned": whole.t(), "part": whole[1:3, ::2], "row": whole[2], "single": whole[3, 4], "none": whole[:0],
        "same": whole, "wide": whole[:1].expand(3, 6), "axes": whole.reshape(2, 2, 6).permute(2, 0, 1),
    }  # fmt: skip
    saved = opened(written(tmp_path / "a.pt", value, form))
    assert [t.name for t in saved.tensors] == list(value)
    assert {t.where.kind for t in saved.tensors} == {"span"}
    for name, wanted in value.items():
        same(saved, name, wanted)


@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_are_not_finite(form: str, tmp_path: Path):
    value = {"w": torch.tensor([float("nan"), float("inf"), -0.0, 5e-324], dtype=torch.float64)}
    same(opened(written(tmp_path / "a.pt", value, form)), "w", value["w"])


def test_types_that_are_not_read_are_listed(tmp_path: Path):
    value = {"w": torch.zeros(3, 2, dtype=torch.float8_e4m3fn), "u": torch.arange(3).to(torch.uint16)}
    saved = opened(written(tmp_path / "a.pt", value))
    assert [(t.name, t.dtype, t.bytes, t.readable) for t in saved.tensors] == [
        ("w", "float8_e4m3fn", 6, False), ("u", "uint16", 6, True),
    ]  # fmt: skip
    assert array(saved, "u").tolist() == [0, 1, 2]
    assert "float8_e4m3fn" in saved.warnings[0]


# ---- state dicts and checkpoints


@pytest.mark.parametrize("form", FORMS)
def test_a_state_dict(form: str, tmp_path: Path):
    made = network()
    saved = opened(written(tmp_path / "a.pt", made.state_dict(), form))
    assert saved.format == "PyTorch state dict"
    assert not saved.complete
    assert [t.name for t in saved.tensors] == list(made.state_dict())
    for name, wanted in made.state_dict().items():
        same(saved, name, wanted)
    assert saved.metadata["modules without weights"] == "0, 3, 4, 5.2, 7, 9, 11, 12, 14, 15, 17, 19, 21, 22, 24"


@pytest.mark.parametrize("form", FORMS)
def test_a_checkpoint_names_the_network_and_what_is_beside(form: str, tmp_path: Path):
    made = network()
    optimizer = torch.optim.Adam(made.parameters())
    made(torch.randn(5, 6)).sum().backward()
    optimizer.step()
    value = {"epoch": 3, "model": made.state_dict(), "optimizer": optimizer.state_dict(), "loss": 0.5, "best": torch.tensor(2.0)}
    saved = opened(written(tmp_path / "a.pt", value, form))
    assert saved.format == "PyTorch checkpoint"
    names = [t.name for t in saved.tensors]
    assert names[: len(made.state_dict())] == list(made.state_dict())
    assert "optimizer.state.0.exp_avg" in names
    assert "best" in names
    assert saved.metadata["network"] == "model"
    assert saved.metadata["beside the network"] == "optimizer"
    assert (saved.metadata["epoch"], saved.metadata["loss"]) == ("3", "0.5")


def test_an_optimizer_is_known_by_what_it_holds(tmp_path: Path):
    made = nn.Linear(2, 3)
    optimizer = torch.optim.SGD(made.parameters(), 0.1, momentum=0.9)
    made(torch.ones(1, 2)).sum().backward()
    optimizer.step()
    for value, home in (
        ({"net": made.state_dict(), "o": optimizer.state_dict()}, "net"),
        ((made.state_dict(), optimizer.state_dict()), "0"),
    ):
        saved = opened(written(tmp_path / "a.pt", value))
        assert [t.name for t in saved.tensors][:2] == ["weight", "bias"]
        assert saved.metadata["network"] == home


def test_sparse_tensors_are_left_out_and_said(tmp_path: Path):
    saved = opened(written(tmp_path / "a.pt", {"w": torch.ones(2), "s": torch.eye(3).to_sparse()}))
    assert "w" in [t.name for t in saved.tensors]
    assert "_rebuild_sparse_tensor" in saved.warnings[0]


def test_one_layer_alone(tmp_path: Path):
    made = nn.Linear(3, 2)
    saved = opened(written(tmp_path / "a.pt", made))
    assert [t.name for t in saved.tensors] == ["weight", "bias"]
    assert [(n.kind, n.name, n.inputs, n.outputs) for n in saved.layers] == [("dense", "Linear", ("input",), ("Linear",))]


def test_two_networks_keep_their_paths(tmp_path: Path):
    value = {"actor": nn.Linear(2, 3).state_dict(), "critic": nn.Linear(2, 1).state_dict()}
    saved = opened(written(tmp_path / "a.pt", value))
    assert [t.name for t in saved.tensors] == ["actor.weight", "actor.bias", "critic.weight", "critic.bias"]
    assert saved.metadata["networks"] == "actor, critic"


def test_tensors_alone_and_in_a_list(tmp_path: Path):
    assert [t.name for t in opened(written(tmp_path / "a.pt", torch.ones(3))).tensors] == ["tensor"]
    assert [t.name for t in opened(written(tmp_path / "b.pt", [torch.ones(3), (torch.ones(2),)])).tensors] == ["0", "1.0"]


def test_a_parameter_and_a_shared_tensor(tmp_path: Path):
    weight = nn.Parameter(torch.randn(3, 3))
    saved = opened(written(tmp_path / "a.pt", {"encoder": weight, "decoder": weight}))
    assert [t.name for t in saved.tensors] == ["encoder", "decoder"]
    same(saved, "decoder", weight)


def test_a_file_without_checksums_is_read(tmp_path: Path):
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        path = written(tmp_path / "a.pt", network().state_dict())
    finally:
        torch.serialization.set_crc32_options(before)
    assert opened(path).tensors


# ---- whole modules


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("dtype", "most"), [("float32", 1e-6), ("float64", 1e-12)])
def test_a_sequential_computes_what_torch_computes(form: str, dtype: str, most: float, tmp_path: Path):
    made = network(getattr(torch, dtype))
    saved = opened(written(tmp_path / "a.pt", made, form))
    assert saved.format == "PyTorch module"
    assert saved.complete
    assert all(n.steppable for n in saved.layers)
    x = torch.randn(9, 2, 3, dtype=getattr(torch, dtype))
    wanted = made(x).detach().numpy()
    got = forward(saved, x.numpy())
    assert np.max(np.abs(got - wanted)) <= most * max(1, np.max(np.abs(wanted)))


@pytest.mark.parametrize("form", FORMS)
def test_softmax_without_an_axis(form: str, tmp_path: Path):
    made = nn.Sequential(nn.Linear(3, 4), nn.Softmax(dim=-1)).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    saved = opened(written(tmp_path / "a.pt", made, form))
    np.testing.assert_allclose(forward(saved, x.numpy()), made(x).detach().numpy(), rtol=1e-12)


def _odd_gelu() -> Any:
    made = nn.GELU()
    made.approximate = "quick"
    return made


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (lambda: nn.Conv2d(1, 2, 3), "'Conv2d' is not a layer"), (lambda: nn.Mish(), "'Mish'"), (_odd_gelu, "a form that"),
        (lambda: nn.Softplus(beta=2), "beta"), (lambda: nn.Softmax(dim=0), "axis 0"), (lambda: nn.LayerNorm((2, 3)), "more than"),
        (lambda: nn.Flatten(0), "other axes"), (lambda: prune.identity(nn.Linear(3, 3), "weight"), "hooked"),
    ],
)  # fmt: skip
def test_what_is_not_stepped_is_a_closed_box(module: Callable[[], Any], words: str, tmp_path: Path):
    box = opened(written(tmp_path / "a.pt", nn.Sequential(nn.Linear(2, 3), module()))).layers[1]
    assert (box.steppable, box.inputs, box.outputs) == (False, ("0",), ("1",))
    assert box.kind == "box"
    assert words in box.why


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.act, self.fc2 = nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)

    def forward(self, x: Any) -> Any:
        return self.fc2(self.act(self.fc1(x)))


class Wrapped(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stack = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))

    def forward(self, x: Any) -> Any:
        return self.stack(x)


def test_a_forward_of_its_own_gives_boxes_without_edges(tmp_path: Path):
    saved = opened(written(tmp_path / "a.pt", Net()))
    assert not saved.complete
    assert [(n.kind, n.name, n.inputs, n.outputs) for n in saved.layers] == [
        ("dense", "fc1", (), ()), ("activation", "act", (), ()), ("dense", "fc2", (), ()),
    ]  # fmt: skip
    assert "'Net' has its own forward()" in saved.assumed[0]
    assert any("Net'" in w and "were not run" in w for w in saved.warnings)


def test_a_class_around_one_sequential_is_chained(tmp_path: Path):
    made = Wrapped()
    saved = opened(written(tmp_path / "a.pt", {"net": made, "epoch": 1}))
    assert not saved.complete
    assert [t.name for t in saved.tensors] == ["stack.0.weight", "stack.0.bias", "stack.2.weight", "stack.2.bias"]
    x = torch.randn(4, 2)
    np.testing.assert_allclose(forward(saved, x.numpy()), made(x).detach().numpy(), rtol=1e-5, atol=1e-6)


def test_a_data_parallel_wrapper_is_seen_through(tmp_path: Path):
    saved = opened(written(tmp_path / "a.pt", nn.DataParallel(nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()))))
    assert saved.complete
    assert [n.name for n in saved.layers] == ["module.0", "module.1"]


def test_layers_that_do_not_chain_are_said(tmp_path: Path):
    saved = opened(written(tmp_path / "a.pt", nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(4, 1))))
    assert not saved.complete
    assert "the layer '2' takes 4 numbers where '0' before it gives 3" in saved.warnings


def test_a_layer_that_is_used_twice(tmp_path: Path):
    shared = nn.Linear(3, 3)
    made = nn.Sequential(shared, nn.Tanh(), shared).double()
    saved = opened(written(tmp_path / "a.pt", made))
    assert saved.complete
    x = torch.randn(4, 3, dtype=torch.float64)
    np.testing.assert_allclose(forward(saved, x.numpy()), made(x).detach().numpy(), rtol=1e-12)


def test_modules_of_the_same_modules_are_not_gone_through(tmp_path: Path):
    made = nn.Sequential(nn.Linear(1, 1))
    for _ in range(30):
        made = nn.Sequential(made, made)
    assert isinstance(outcome(read, written(tmp_path / "a.pt", made)), str)
    inner = nn.Sequential()
    for _ in range(30):
        inner = nn.Sequential(inner, inner)
    assert isinstance(outcome(read, written(tmp_path / "a.pt", nn.Sequential(inner, nn.Linear(1, 1)))), str)


def test_a_module_in_itself(tmp_path: Path):
    made = nn.Sequential(nn.Linear(1, 1))
    made._modules["1"] = made
    assert isinstance(outcome(read, written(tmp_path / "a.pt", made)), str)


def test_names_with_markup_and_of_great_length(tmp_path: Path):
    names = ["<b>bold</b>", "right\u202eleft", "a" * 1_000_000, "new\nline", ""]
    saved = opened(written(tmp_path / "a.pt", {n: torch.ones(2) for n in names}))
    assert len(saved.tensors) == 5
    assert max(len(t.name) for t in saved.tensors) <= 256
    assert saved.tensors[0].name == "<b>bold</b>"


# ---- files that none of us wrote


@pytest.mark.parametrize("layers", ["two", "three"])
def test_a_module_of_hls4ml_computes_what_torch_computes(layers: str):
    path = real_file("hls4ml", "1.3.0", f"example-models/pytorch/{layers}_layer_model.pt")
    saved = read_in_child(path)
    assert saved.complete
    assert all(n.steppable for n in saved.layers)
    x = torch.randn(16, saved.layers[0].attributes["inputs"], generator=torch.Generator().manual_seed(1))
    # Its digest is known, so torch may read it as it wants to; it warns that its classes and softmax have changed since.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = torch.load(path, map_location="cpu", weights_only=False).eval()
        wanted = made(x).detach().numpy()
    np.testing.assert_allclose(forward(saved, x.numpy()), wanted, rtol=1e-6, atol=1e-6)
    for name, tensor in made.state_dict().items():
        same(saved, name, tensor)


# ---- pickled without torch.save


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_a_network_of_a_plain_pickle(protocol: int, tmp_path: Path):
    made = network(torch.float64)
    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps(made, protocol))
    saved = Saved.from_data(read_pickled(path, LIMITS).to_data())
    assert saved.complete
    x = torch.randn(9, 6, dtype=torch.float64)
    np.testing.assert_allclose(forward(saved, x.numpy()), made(x).detach().numpy(), rtol=1e-12, atol=1e-12)
    path.write_bytes(pickle.dumps({"epoch": 2, "model": made.state_dict()}, protocol))
    saved = Saved.from_data(read_pickled(path, LIMITS).to_data())
    assert {t.where.kind for t in saved.tensors} == {"span"}
    for name, wanted in made.state_dict().items():
        same(saved, name, wanted)


def test_a_plain_pickle_that_cannot_be_read_says_how(tmp_path: Path):
    path = tmp_path / "a.pkl"
    for data in (pickle.dumps(nn.Linear(2, 3), 2), gzip.compress(pickle.dumps(nn.Linear(2, 3)))):
        path.write_bytes(data)
        assert "torch.save the state_dict()" in str(outcome(read_pickled, path))
    whole = pickle.dumps(nn.Linear(2, 1).state_dict())
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert isinstance(outcome(read_pickled, path), str)


# ---- hostile ones


def repacked(path: Path, change: Callable[[dict[str, bytes]], None], method: int = zipfile.ZIP_STORED) -> Path:
    """Write a file's members anew after `change`."""
    with zipfile.ZipFile(path) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


class _Pid:
    def __init__(self, pid: tuple[object, ...]) -> None:
        self.pid = pid


class _Tensor:
    def __init__(self, storage: _Pid, offset: object, shape: object, strides: object) -> None:
        self.args = (storage, offset, shape, strides, False, OrderedDict())

    def __reduce__(self):
        return torch._utils._rebuild_tensor_v2, self.args


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: object) -> object:
        return obj.pid if isinstance(obj, _Pid) else None


def forged(
    path: Path, offset: object, shape: object, strides: object, count: object = 4, length: int = 16, key: str = "0"
) -> Path:
    """Write a zip file with one tensor whose numbers are as given, over a storage of `length` bytes."""
    out = io.BytesIO()
    _Pickler(out, 2).dump({"w": _Tensor(_Pid(("storage", torch.FloatStorage, key, "cpu", count)), offset, shape, strides)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", out.getvalue())
        archive.writestr("a/data/0", bytes(length))
        archive.writestr("a/version", "3")
    return path


def test_a_forged_file_with_right_numbers_is_read(tmp_path: Path):
    assert array(opened(forged(tmp_path / "a.pt", 0, (2, 2), (2, 1))), "w").tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((0, (5,), (1,)), "beyond the end"), ((1, (4,), (1,)), "beyond the end"), ((0, (2, 2), (3, 1)), "beyond the end"),
        ((2**62, (1,), (1,)), "beyond the end"), ((0, (2,), (2**61,)), "beyond the end"), ((3, (2,), (-1,)), "impossible"),
        ((-1, (2,), (1,)), "impossible"), ((0, (-2,), (1,)), "impossible"), ((0, (2**70,), (0,)), "impossible"),
        ((0, (10**9,), (0,)), "repeats"), ((0, (40_000, 40_000), (0, 0)), "repeats"), ((0, (2,), (1, 1)), "impossible"),
        ((0, (4,), (1,), 4, 15), "cut short"), ((0, (4,), (1,), 2**61, 16), "cut short"), ((0, (4,), (1,), -4), "no length"),
        ((0, (4,), (1,), "4"), "no length"), ((0, (4,), (1,), 4, 16, "../../etc/passwd"), "missing"),
        ((0, (1,) * 40, (1,) * 40), "impossible"), ((0.5, (4,), (1,)), "impossible"), ((0, (True,), (1,)), "impossible"),
    ],
)  # fmt: skip
def test_a_tensor_that_reaches_where_it_must_not(args: tuple[Any, ...], words: str, tmp_path: Path):
    assert words in str(outcome(read, forged(tmp_path / "a.pt", *args)))


class _System:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.parametrize("form", FORMS)
def test_a_trap_is_named_and_not_run(form: str, tmp_path: Path):
    canary = tmp_path / "canary"
    path = written(tmp_path / "a.pt", {"w": torch.ones(2), "x": _System(f"touch {canary}")}, form)
    assert "'posix.system'" in str(outcome(read, path))
    with pytest.raises(FileProblem, match=r"a\.pt: it is a trap.*'posix\.system'.*nothing was run"):
        read_in_child(path)
    assert not canary.exists()


def test_code_in_a_zip_is_torchscript(tmp_path: Path):
    path = repacked(
        written(tmp_path / "a.pt", {"w": torch.ones(2)}), lambda m: m.update({"a/constants.pkl": b"x", "a/code/a.py": b"x"})
    )
    assert "TorchScript" in str(outcome(read, path))


def test_zips_that_are_not_in_order(tmp_path: Path):
    path = tmp_path / "a.pt"

    def damaged(change: Callable[[dict[str, bytes]], None]) -> str:
        return str(outcome(read, repacked(written(path, {"w": torch.ones(2)}), change)))

    assert "missing" in damaged(lambda m: m.pop("a/data/0"))
    assert "cut short" in damaged(lambda m: m.update({"a/data/0": b"1234"}))
    assert "data.pkl" in damaged(lambda m: m.pop("a/data.pkl"))
    assert "big end first" in damaged(lambda m: m.update({"a/byteorder": b"big"}))
    assert "cut short" in damaged(lambda m: m.update({"a/data.pkl": m["a/data.pkl"][:-1]}))
    assert "data.pkl" in damaged(lambda m: m.update({"b/data.pkl": m["a/data.pkl"]}))


def test_a_member_twice(tmp_path: Path):
    path = written(tmp_path / "a.pt", {"w": torch.ones(2)})
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("a/data/0", bytes(8))
    assert "twice" in str(outcome(read, path))


@pytest.mark.parametrize("part", ["data/0", "data.pkl"])
def test_a_checksum_that_differs(part: str, tmp_path: Path):
    path = written(tmp_path / "a.pt", {"w": torch.arange(20.0)})
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(f"a/{part}")
        data = archive.read(info)
    raw = bytearray(path.read_bytes())
    at = raw.find(data)
    raw[at + len(data) // 2] ^= 1
    path.write_bytes(raw)
    assert "checksum differs" in str(outcome(read, path))


def test_a_compressed_zip_is_read_by_members(tmp_path: Path):
    value = {"w": torch.arange(600.0).reshape(20, 30), "v": torch.arange(600.0)[5:9]}
    saved = opened(repacked(written(tmp_path / "a.pt", value), lambda m: None, zipfile.ZIP_DEFLATED))
    assert {t.where.kind for t in saved.tensors} == {"member"}
    for name, wanted in value.items():
        same(saved, name, wanted)


def test_storages_of_a_legacy_file_are_checked(tmp_path: Path):
    path = written(tmp_path / "a.pt", {"w": torch.arange(5.0)}, LEGACY)
    data = path.read_bytes()
    at = data.rfind(struct.pack("<q", 5))
    for count in (4, 6, -1, 2**62):
        path.write_bytes(data[:at] + struct.pack("<q", count) + data[at + 8 :])
        assert "before its storage" in str(outcome(read, path))


def test_the_oldest_form_is_named(tmp_path: Path):
    path = tmp_path / "a.pt"
    path.write_bytes(b"sys_info" + bytes(600))
    assert "torch.save it again" in str(outcome(read, path))


@pytest.mark.parametrize("form", FORMS)
def test_cut_off_at_every_byte(form: str, tmp_path: Path):
    path = written(tmp_path / "a.pt", OrderedDict(w=torch.arange(3.0), b=torch.arange(2.0)), form)
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert isinstance(outcome(read, path), str), length


@cache
def original(what: str, form: str) -> bytes:
    small = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    out = io.BytesIO()
    torch.save(small.state_dict() if what == "state" else small, out, _use_new_zipfile_serialization=form == ZIP)
    return out.getvalue()


CHANGES = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4)
FREE = settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])


def changed(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    raw = bytearray(data)
    for at, byte in changes:
        raw[at % len(raw)] = byte
    return bytes(raw)


@FREE
@given(st.sampled_from(["state", "module"]), st.sampled_from(FORMS), CHANGES)
def test_a_changed_file_ends_in_a_network_or_one_sentence(tmp_path: Path, what: str, form: str, changes: list[tuple[int, int]]):
    path = tmp_path / "a.pt"
    path.write_bytes(changed(original(what, form), changes))
    got = outcome(read, path)
    if isinstance(got, Saved):
        for tensor in got.tensors:
            if tensor.readable and tensor.bytes < 2**20:
                try:
                    assert array(got, tensor.name).shape == tensor.shape
                except FileProblem as error:
                    assert str(error).isprintable()


@FREE
@given(CHANGES)
def test_a_changed_pickle_in_a_whole_zip(tmp_path: Path, changes: list[tuple[int, int]]):
    """The checksums are right again, so the damage reaches the reader."""
    path = tmp_path / "a.pt"
    path.write_bytes(original("module", ZIP))
    outcome(read, repacked(path, lambda m: m.update({"archive/data.pkl": changed(m["archive/data.pkl"], changes)})))


@given(st.binary(max_size=400))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.getbasetemp() / "any.pt"
    for head in (b"", b"PK\x03\x04", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}."):
        path.write_bytes(head + data)
        outcome(read, path)
