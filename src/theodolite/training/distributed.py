"""The processes that train together: one, many with a copy of the network each (DDP), or with one copy divided (FSDP2).

A run is started as usual for one process, and by `accelerate launch` or `torchrun` for several; nothing else differs.
Accelerate finds devices and processes and wraps for DDP. FSDP2 is PyTorch's own `fully_shard`, as Accelerate leaves it
out where the processes have no accelerators, and what cannot be tested there would not be tested at all.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta

import torch
from torch import Tensor, nn

from theodolite.errors import TheodoliteError
from theodolite.extras import require
from theodolite.network import convnext, vit
from theodolite.network.gru import UpdateBlock
from theodolite.training.config import Hardware

# Others wait while the first process validates, longer than the ten minutes after which they would give up.
_PATIENCE = timedelta(hours=3)
# FSDP2 divides these blocks, each gathered only while it runs.
_BLOCKS = (vit.Block, convnext.Block, UpdateBlock)


class Team:
    """This process among those that train together.

    Args:
        hardware: what this run may use.
        uneven: some weights get no gradient in some steps, so that DDP has to look for them.
    Raises: MissingExtra, without Accelerate; TheodoliteError, for a device that is not there, or one of several.
    """

    def __init__(self, hardware: Hardware, *, uneven: bool = False) -> None:
        accelerate = require("accelerate", "train", "Training")
        utils = require("accelerate.utils", "train", "Training")
        if hardware.threads:
            torch.set_num_threads(hardware.threads)
        # Accelerate keeps one state a process; a second run in it starts from nothing.
        accelerate.state.AcceleratorState._reset_state(True)
        self.accelerator = accelerate.Accelerator(
            cpu=_wants_cpu(hardware.device),
            mixed_precision="no",  # the network casts by itself, and losses are in float32
            kwargs_handlers=[
                utils.DistributedDataParallelKwargs(find_unused_parameters=uneven, gradient_as_bucket_view=True),
                utils.InitProcessGroupKwargs(timeout=_PATIENCE),
            ],
        )
        if hardware.fsdp and self.size == 1:
            raise TheodoliteError(
                "--fsdp divides a network among processes, and there is one. Start several: "
                "accelerate launch --num-processes N -m theodolite train ..."
            )
        self.fsdp = hardware.fsdp

    @property
    def rank(self) -> int:
        return int(self.accelerator.process_index)

    @property
    def size(self) -> int:
        return int(self.accelerator.num_processes)

    @property
    def device(self) -> torch.device:
        return torch.device(self.accelerator.device)

    @property
    def first(self) -> bool:
        """Whether this process writes, prints and validates for all."""
        return bool(self.accelerator.is_main_process)

    def share(self, batch: int) -> range:
        """The places of a batch that are this process's.

        Raises: TheodoliteError, when the batch cannot be divided evenly.
        """
        if batch % self.size:
            raise TheodoliteError(f"A batch of {batch} cannot be divided evenly among {self.size} processes.")
        each = batch // self.size
        return range(self.rank * each, (self.rank + 1) * each)

    def wrap(self, net: nn.Module) -> nn.Module:
        """The network on the device, ready for several processes. Make optimisers of its weights afterwards."""
        if not self.fsdp:
            net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # a gap in the stubs
            return self.accelerator.prepare_model(net)
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard

        net.to(self.device)
        mesh = init_device_mesh(self.device.type, (self.size,))
        for block in [m for m in net.modules() if isinstance(m, _BLOCKS)]:
            fully_shard(block, mesh=mesh)
        fully_shard(net, mesh=mesh)
        return net

    @contextlib.contextmanager
    def gradients_meet(self, net: nn.Module, last: bool) -> Iterator[None]:
        """Around a forward and backward pass: only the last of a step sends gradients to the others."""
        if self.fsdp:
            net.set_requires_gradient_sync(last)  # type: ignore[operator]  # fully_shard gave it the method
            yield
        elif last:
            yield
        else:
            with self.accelerator.no_sync(net):
                yield

    def total(self, values: Tensor) -> Tensor:
        """The sum over all processes, the same bits in each."""
        return self.accelerator.reduce(values, reduction="sum") if self.size > 1 else values

    def all_of(self, lines: Sequence[str]) -> list[str]:
        """The lines of all processes, first to last. Every process has to call it."""
        if self.size == 1:
            return list(lines)
        gathered: list[Sequence[str]] = [()] * self.size
        torch.distributed.all_gather_object(gathered, list(lines))
        return [line for part in gathered for line in part]

    def clip(self, parameters: Iterable[nn.Parameter], largest: float) -> Tensor:
        """Clip the gradient of the whole network, and give the norm that it had."""
        learning = [p for p in parameters if p.grad is not None]
        norm = torch.nn.utils.clip_grad_norm_(learning, largest, foreach=True)
        return whole(norm)

    def wait(self) -> None:
        self.accelerator.wait_for_everyone()

    def end(self) -> None:
        self.accelerator.end_training()

    @contextlib.contextmanager
    def first_alone(self) -> Iterator[bool]:
        """True in the first process; the others wait at the end."""
        yield self.first
        self.wait()


def whole(tensor: Tensor) -> Tensor:
    """A tensor whose parts lie in several processes, gathered; others as they are. Every process has to call it."""
    full = getattr(tensor, "full_tensor", None)
    return full() if full is not None else tensor


def part_like(tensor: Tensor, like: Tensor) -> Tensor:
    """The inverse of `whole`: this process's part of a tensor, divided as `like` is."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    if not isinstance(like, DTensor):
        return tensor.to(like.device)
    return distribute_tensor(tensor.to(like.device), like.device_mesh, like.placements)


def local(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What of each tensor lies in this process, sharing its memory."""
    return {name: t.to_local() if hasattr(t, "to_local") else t for name, t in tensors.items()}


def _wants_cpu(device: str) -> bool:
    if not device:
        return not torch.cuda.is_available() and not torch.backends.mps.is_available()
    kind, colon, index = device.partition(":")
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if not there.get(kind, False):
        raise TheodoliteError(
            f"There is no device {device!r} here; there is {', '.join(k for k, v in there.items() if v)}."
        )
    if colon:
        # Accelerate takes the first device, or the one of the process's rank, and would say nothing.
        hint = f" and choose among several by CUDA_VISIBLE_DEVICES={index}" if kind == "cuda" else ""
        raise TheodoliteError(f"A run takes a device without its number, got {device!r}: give {kind}{hint}.")
    return kind == "cpu"
