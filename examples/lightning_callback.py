"""Iterative pruning with S-Cyc in Lightning, by one callback. Needs `pip install lightning`.

    python examples/lightning_callback.py

One `Trainer.fit` goes over all pruning cycles; a checkpoint holds the callback's state, too.
"""

from typing import Any

import lightning
import torch
from torch import Tensor, nn

from scyc import Pruner, SCyc, SCycLR

RATE, CYCLES, EPOCHS = 0.2, 3, 4  # share that a cycle prunes; cycles; epochs of each
CURVE = SCyc(epsilon=0.05, delta=0.2, q=1, beta=3.0)  # max_lr from 0.05 to 0.25


class SCycPruning(lightning.Callback):
    """Prunes before each cycle but the first, and sets the learning rate of every iteration."""

    def __init__(self, curve: SCyc, rate: float, epochs: int, warmup: int = 5) -> None:
        self.curve, self.rate, self.epochs, self.warmup = curve, rate, epochs, warmup
        self.history: list[tuple[float, float]] = []  # (weights remaining in percent, max_lr)
        self._saved: dict[str, Any] = {}

    def on_fit_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        optimizer = trainer.optimizers[0]
        self.pruner = Pruner(module)
        self.pruner.attach(optimizer)  # keeps pruned weights at zero after each step
        self.schedule = SCycLR(optimizer, self.curve, self.rate, self.warmup)
        if self._saved:
            self.pruner.load_state_dict(self._saved["pruner"])
            self.schedule.load_state_dict(self._saved["schedule"])

    def on_train_epoch_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.current_epoch % self.epochs == 0:
            if trainer.current_epoch:
                self.pruner.prune(self.rate)
                self.schedule.next_cycle()
                trainer.optimizers[0].state.clear()  # no momentum of the cycle before
            self.history.append((self.pruner.weights_remaining, self.schedule.max_lr))

    def on_train_batch_end(self, *_: Any) -> None:
        self.schedule.step()

    def state_dict(self) -> dict[str, Any]:
        return {"pruner": self.pruner.state_dict(), "schedule": self.schedule.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._saved = state_dict


class Classifier(lightning.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 4))

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        return nn.functional.cross_entropy(self.layers(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


def main(**options: Any) -> tuple[Classifier, SCycPruning]:  # options of Lightning's Trainer
    torch.manual_seed(0)
    labels = torch.arange(400) % 4
    data = torch.utils.data.TensorDataset(torch.randn(4, 20)[labels] + torch.randn(400, 20), labels)
    loader = torch.utils.data.DataLoader(data, batch_size=40, shuffle=True)
    module, callback = Classifier(), SCycPruning(CURVE, RATE, EPOCHS)
    settings = {"max_epochs": (CYCLES + 1) * EPOCHS, "accelerator": "cpu", "logger": False}
    lightning.Trainer(callbacks=[callback], **settings | options).fit(module, loader)
    return module, callback


if __name__ == "__main__":
    for cycle, (remaining, max_lr) in enumerate(main(enable_checkpointing=False)[1].history):
        print(f"cycle {cycle}: {remaining:.1f} % of the weights remain, max_lr {max_lr:.3f}")
