"""Networks that a study may name.

A network is one class here, with one line in NETWORKS, and one module in scyc/networks.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BeforeValidator, Field

from scyc.specs.base import Spec, one_of
from scyc.specs.factory import FactorySpec, VersionedSpec
from scyc.specs.ranges import Width


class NetworkBase(Spec):
    """Base class of the networks."""

    name: str


class FullyConnectedSpec(NetworkBase):
    """Fully connected ReLU network (Liu et al. 2021, Section 3.1)."""

    name: Literal["fully_connected"]
    hidden: Annotated[tuple[Width, ...], Field(min_length=1, max_length=1000, strict=False)] = (
        256,
        256,
        256,
    )
    batch_norm: bool = False  # before each ReLU (Section 3.3)


class ResNet20Spec(NetworkBase):
    """ResNet-20 for small images (He et al. 2016, Section 4.2)."""

    name: Literal["resnet20"]
    width: Width = 16  # channels of the first stage; 16 gives 272,474 parameters


class VggSpec(NetworkBase):
    """VGG with batch norm (Simonyan and Zisserman 2015)."""

    name: Literal["vgg16", "vgg19"]
    form: Literal["small", "torchvision"] = "small"  # for 32 and 64 pixels, or unchanged
    width: Width = 64  # channels of the first convolution; "small" only


class AlexNetSpec(NetworkBase):
    """AlexNet (Krizhevsky 2014), without batch norm."""

    name: Literal["alexnet"]
    form: Literal["small", "torchvision"] = "small"


class ResNet50Spec(NetworkBase):
    """ResNet-50 (He et al. 2016)."""

    name: Literal["resnet50"]
    form: Literal["small", "torchvision"] = "small"
    width: Width = 64  # channels of the first bottleneck's inner convolutions


class OwnNetworkSpec(FactorySpec, VersionedSpec):
    """A user's own network."""


def _own(value: object) -> object:
    """Return a plain factory as a user's own network."""
    if type(value) is FactorySpec:
        return OwnNetworkSpec(factory=value.factory, options=value.options)
    return value


NETWORKS: Mapping[str, type[NetworkBase]] = MappingProxyType(
    {
        "fully_connected": FullyConnectedSpec,
        "resnet20": ResNet20Spec,
        "vgg16": VggSpec,
        "vgg19": VggSpec,
        "alexnet": AlexNetSpec,
        "resnet50": ResNet50Spec,
    }
)
if TYPE_CHECKING:
    NetworkSpec = NetworkBase | OwnNetworkSpec
else:
    NetworkSpec = Annotated[one_of(NETWORKS, own=OwnNetworkSpec), BeforeValidator(_own)]
