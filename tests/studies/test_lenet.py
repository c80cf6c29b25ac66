import torch

from scyc.pruning.weights import prunable_names
from studies.lenet import lenet


def test_it_has_the_weights_that_its_layers_have() -> None:
    """448 + 4,640 + 65,664 + 1,290 of 3 x 16 x 16 images; the last linear layer is not pruned."""
    network = lenet((3, 16, 16), 10)
    assert sum(each.numel() for each in network.parameters()) == 72_042
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 10)
    assert prunable_names(network) == ("0.weight", "3.weight", "7.weight")
    assert lenet((1, 9, 10), 4, width=4)(torch.zeros(1, 1, 9, 10)).shape == (1, 4)
