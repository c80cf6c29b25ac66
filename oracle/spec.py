"""A study: what is to be trained, searched and compared, as declared in a YAML file."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    Discriminator,
    Field,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from scyc.problems import unknown
from scyc.pruning import CRITERIA
from scyc.spec import (
    Cifar10Spec,
    DigitsSpec,
    FactorySpec,
    FullyConnectedSpec,
    ImageFolderSpec,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    PruningSpec,
    ResNet20Spec,
    SCyc,
    Spec,
    SplitSpec,
    SystemSpec,
    TrainingSpec,
    as_json,
)


class _Grid(Spec):
    """What every grid of max_lr has."""

    extend: bool = True  # grow on the side where the best value or the region touches the end
    floor: PositiveFloat | None = None  # extension stops here; a tenth of the lowest value if None
    ceiling: PositiveFloat | None = None  # and here; ten times the highest value if None


class ListGrid(_Grid):
    """A grid written out."""

    max_lr: Annotated[tuple[PositiveFloat, ...], Field(min_length=1, strict=False)]

    @field_validator("max_lr")
    @classmethod
    def _distinct(cls, values: tuple[float, ...]) -> tuple[float, ...]:
        if len(set(values)) < len(values):
            raise PydanticCustomError("repeated", "a max_lr stands twice; remove the repeat")
        return tuple(sorted(values))


class RangeGrid(_Grid):
    """A linear or logarithmic grid."""

    kind: Literal["linear", "log"]
    low: PositiveFloat
    high: PositiveFloat
    count: Annotated[int, Field(ge=2, le=10_000)]

    @model_validator(mode="after")
    def _rising(self) -> RangeGrid:
        if self.low >= self.high:
            raise PydanticCustomError("order", "grid.low must lie below grid.high; swap them")
        return self


def _grid_kind(value: Any) -> str:
    listed = value.get("max_lr") if isinstance(value, dict) else getattr(value, "max_lr", None)
    return "<range>" if listed is None else "<list>"


GridSpec = Annotated[
    Annotated[ListGrid, Tag("<list>")] | Annotated[RangeGrid, Tag("<range>")],
    Discriminator(_grid_kind),
]

NETWORKS: dict[str, type[Spec]] = {
    "fully_connected": FullyConnectedSpec,
    "resnet20": ResNet20Spec,
}
DATASETS: dict[str, type[Spec]] = {
    "digits": DigitsSpec,
    "cifar10": Cifar10Spec,
    "image_folder": ImageFolderSpec,
}


def _which(value: Any) -> str:
    if isinstance(value, Spec):
        return f"<{getattr(value, 'name', 'factory')}>"
    return "<factory>" if "factory" in value else f"<{value['name']}>"


_Network = Annotated[
    Annotated[FullyConnectedSpec, Tag("<fully_connected>")]
    | Annotated[ResNet20Spec, Tag("<resnet20>")]
    | Annotated[FactorySpec, Tag("<factory>")],
    Discriminator(_which),
]
_Dataset = Annotated[
    Annotated[DigitsSpec, Tag("<digits>")]
    | Annotated[Cifar10Spec, Tag("<cifar10>")]
    | Annotated[ImageFolderSpec, Tag("<image_folder>")]
    | Annotated[FactorySpec, Tag("<factory>")],
    Discriminator(_which),
]


class Study(Spec):
    """The greedy oracle against S-Cyc on one network, data set and pruning method."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    kind: Literal["oracle"] = "oracle"
    description: str = ""
    dataset: _Dataset
    subset: Annotated[float, Field(gt=0, le=1)] = 1.0  # share of each class's images that is used
    network: _Network
    pruning: PruningSpec = PruningSpec()
    training: TrainingSpec
    split: SplitSpec = SplitSpec()
    grid: GridSpec
    cycles: Annotated[int, Field(ge=1, le=1000)]  # pruning cycles after the unpruned network
    replicates: Annotated[int, Field(ge=1, le=1000)] = 3
    seed: NonNegativeInt = 0
    tolerance: Annotated[float, Field(ge=0, le=100)] = 0.5
    tolerance_kind: Literal["points", "relative"] = "points"
    s_cyc: SCyc
    pack: PositiveInt | None = None  # cells trained in one call; None: 16 if stacked, else 1
    keep_checkpoints: Literal["path", "all"] = "path"  # "path": the networks that are carried on

    @field_validator("dataset", mode="before")
    @classmethod
    def _dataset_named(cls, value: Any) -> Any:
        return _named(value, DATASETS)

    @field_validator("network", mode="before")
    @classmethod
    def _network_named(cls, value: Any) -> Any:
        return _named(value, NETWORKS)

    @field_validator("pruning")
    @classmethod
    def _criterion_known(cls, value: PruningSpec) -> PruningSpec:
        if value.criterion not in CRITERIA:
            raise PydanticCustomError(
                "criterion", "{rule}", {"rule": unknown(value.criterion, CRITERIA)}
            )
        return value

    @model_validator(mode="after")
    def _engine_fits(self) -> Study:
        if self.training.engine == "stacked" and not isinstance(self.network, FullyConnectedSpec):
            raise PydanticCustomError(
                "engine", 'training.engine "stacked" trains fully_connected only; use "auto"'
            )
        return self

    @model_validator(mode="after")
    def _grid_inside_bounds(self) -> Study:
        values = (
            self.grid.max_lr if isinstance(self.grid, ListGrid) else (self.grid.low, self.grid.high)
        )
        if self.grid.floor is not None and self.grid.floor > min(values):
            raise PydanticCustomError("floor", "grid.floor lies above the grid's lowest value")
        if self.grid.ceiling is not None and self.grid.ceiling < max(values):
            raise PydanticCustomError("ceiling", "grid.ceiling lies below the grid's highest value")
        return self

    @property
    def system(self) -> SystemSpec:
        """What shapes one training (see :class:`scyc.spec.SystemSpec`)."""
        return SystemSpec(
            network=self.network,
            pruning=self.pruning,
            training=self.training,
            split=self.split,
            seed=self.seed,
        )

    @property
    def cells_a_pack(self) -> int:
        """How many cells a pack holds at most: a function of the study alone."""
        if self.pack is not None:
            return self.pack
        solo = self.training.engine == "solo" or not isinstance(self.network, FullyConnectedSpec)
        return 1 if solo else 16

    def declared(self) -> dict[str, Any]:
        """Every field that says what is computed: all but where the images lie."""
        fields = as_json(self)
        for place in ("root", "download"):
            fields["dataset"].pop(place, None)
        return fields


def uses_own_code(study: Study) -> bool:
    """Whether a study names Python code that it does not ship with."""
    return isinstance(study.dataset, FactorySpec) or isinstance(study.network, FactorySpec)


def _named(value: Any, known: dict[str, type[Spec]]) -> Any:
    """Turn the short form, a name or module:factory, into the long one, and know the name."""
    if isinstance(value, Spec):
        return value
    if isinstance(value, str):
        value = {"factory": value} if ":" in value else {"name": value}
    if not isinstance(value, dict) or not ("name" in value or "factory" in value):
        rule = "name one of: {known}; or module:factory"
        raise PydanticCustomError("nameless", rule, {"known": ", ".join(sorted(known))})
    if "factory" not in value and value["name"] not in known:
        rule = unknown(str(value["name"]), known)
        raise PydanticCustomError("unknown_name", "{rule}", {"rule": rule})
    return value
