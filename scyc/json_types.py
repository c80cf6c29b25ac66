"""Names for JSON whose keys no class of ours declares, such as a study before it is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JsonObject = dict[str, Any]  # as `json.loads` returns it
JsonMapping = Mapping[str, Any]  # one that is only read
