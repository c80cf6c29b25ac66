"""What every declared object is: frozen, strict, complete, and named by a hash of its content.

Every field, defaults included, enters the identity of what is trained with it (see
:func:`content_hash`), so a changed default can never be mistaken for the old result.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Union

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    model_serializer,
)
from pydantic_core import PydanticCustomError

from scyc.errors import unknown
from scyc.json_types import JsonObject
from scyc.specs.ranges import Cycle, LearningRate, RateOrZero, Steepness

PositiveFloat = Annotated[float, Field(gt=0)]
PositiveInt = Annotated[int, Field(ge=1)]
NonNegativeInt = Annotated[int, Field(ge=0)]


class Spec(BaseModel):
    """Base of every declared object: frozen, strict, no unknown keys, no inf or NaN."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", allow_inf_nan=False)


class ExtendedSpec(Spec):
    """A spec with fields that are younger than results that are stored under its hash.

    At their default they are left out of its JSON, and so of every hash: old ids stay.
    """

    younger: ClassVar[tuple[str, ...]]

    @model_serializer(mode="wrap")
    def _without_younger_defaults(self, write: SerializerFunctionWrapHandler) -> JsonObject:
        content: JsonObject = write(self)
        for name in self.younger:
            if getattr(self, name) == type(self).model_fields[name].default:
                content.pop(name, None)
        return content


class SCyc(Spec):
    """S-Cyc's parameters (Liu et al. 2021, Section 4.3).

    Example:
        >>> from scyc import SCyc, max_lr
        >>> curve = SCyc(epsilon=0.03, delta=0.09, q=1, beta=4.0)
        >>> [round(max_lr(curve, cycle, rate=0.2), 4) for cycle in range(6)]
        [0.03, 0.03, 0.0304, 0.0382, 0.0707, 0.1031]
    """

    epsilon: LearningRate  # max_lr of the unpruned network
    delta: RateOrZero  # total rise of max_lr
    q: Cycle  # pruning cycle after which max_lr starts to rise
    beta: Steepness  # steepness of the S


def refuse(rules: Iterable[tuple[str, str]]) -> None:
    """Refuse a spec whose fields do not go together, if any rule is broken, all of them at once.

    To be called in a spec's validator.

    Args:
        rules: Those that are broken: the path of a field below the spec, and the rule with its
            remedy.

    Raises:
        PydanticCustomError: There is one.
    """
    broken = tuple(rules)
    if broken:
        text = "; ".join(f"{path} {rule}" for path, rule in broken)
        raise PydanticCustomError("together", "{text}", {"text": text, "broken": broken})


def as_json(spec: Spec) -> JsonObject:
    """Return every field of a spec, defaults included.

    Args:
        spec: Of any kind.

    Returns:
        JSON values by field.
    """
    return spec.model_dump(mode="json")


def content_hash(content: object) -> str:
    """Hash anything made of JSON values.

    Floats are written by ``repr``, so equal hashes mean equal bits.

    Args:
        content: JSON values.

    Returns:
        sha256 of its canonical JSON, in hexadecimal.

    Raises:
        ValueError: There is an inf or a NaN.
        TypeError: There is something that JSON does not know.
    """
    text = json.dumps(
        content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def tag(value: Any) -> str:
    """Return which of several named specs a value is meant to be.

    Args:
        value: A spec, or its fields.

    Returns:
        ``<its name>``, or ``<factory>``.
    """
    if isinstance(value, Spec):
        return f"<{getattr(value, 'name', 'factory')}>"
    return f"<{value['name']}>" if "name" in value else "<factory>"


def chosen(
    known: Mapping[str, type[Spec]], default: str | None = None, own: bool = True
) -> Callable[[Any], Any]:
    """Make a validator that turns the short form of a choice, its name, into the long one.

    Args:
        known: Specs by name.
        default: The name where none is given; None if there has to be one.
        own: Whether ``module:factory``, the user's own code, is a choice as well.

    Returns:
        A function for pydantic's ``BeforeValidator``, which refuses an unknown name and says what
        is known.
    """
    factories = own and default is None

    def validate(value: Any) -> Any:
        if isinstance(value, Spec):
            return value
        if isinstance(value, str):
            value = {"factory": value} if factories and ":" in value else {"name": value}
        if isinstance(value, dict) and default is not None and "name" not in value:
            value = {"name": default, **value}
        if not isinstance(value, dict) or not (
            "name" in value or (factories and "factory" in value)
        ):
            rule = f"give one of: {', '.join(sorted(known))}"
            rule += "; or module:factory" if factories else ""
            raise PydanticCustomError("nameless", "{rule}", {"rule": rule})
        if "name" not in value:
            return value
        if not isinstance(value["name"], str) or value["name"] not in known:
            rule = unknown(str(value["name"]), known)
            raise PydanticCustomError("unknown_name", "{rule}", {"rule": rule})
        return value

    return validate


def one_of(
    known: Mapping[str, type[Spec]], default: str | None = None, own: type[Spec] | None = None
) -> Any:
    """Return the type of a field that holds one of the specs of a registry.

    Args:
        known: The registry, specs by name.
        default: The name where none is given.
        own: The spec of one's own code, ``module:factory``, where that is a choice, too.

    Returns:
        A type for an annotation, by which pydantic chooses the spec from the field `name`.
    """
    kinds = [Annotated[spec, Tag(f"<{name}>")] for name, spec in known.items()]
    if own is not None:
        kinds.append(Annotated[own, Tag("<factory>")])
    return Annotated[
        Union[tuple(kinds)],  # noqa: UP007
        Discriminator(tag),
        BeforeValidator(chosen(known, default, own is not None)),
    ]
