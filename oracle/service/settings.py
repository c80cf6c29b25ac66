"""With what a server is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from oracle.database import URL
from oracle.errors import SettingProblem
from oracle.service.limit_names import default
from oracle.service.limits import Limits
from oracle.settings import Settings
from scyc.errors import BadInput


@dataclass(frozen=True)
class ServerSettings:
    """With what a server was started; nothing here changes what a study finds."""

    url: URL  # of the database of jobs and runs
    folder: Path = Path("runs")  # holds a folder for each study
    data: Mapping[str, Path] = field(default_factory=lambda: MappingProxyType({}))  # by name
    allow: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # own code
    workers: int = 1
    device: str = "auto"
    backend: str = "ray"
    running: int = 1  # jobs at a time
    queue: int = default("queued-jobs")  # that may wait
    ray_address: str | None = None
    limits: Limits = field(default_factory=Limits)  # of a run
    save_every: float = 5.0  # minutes between two saves of a pack under way
    store: str | None = None  # URL below which networks and images are kept for all machines

    def of_job(self, data: str | None) -> Settings:
        """Return the settings of a job.

        Args:
            data: Name of the server's data folder that the job names, or None.

        Returns:
            Settings as `oracle run` has them.

        Raises:
            BadInput: The server has no data folder of this name.
        """
        if data is not None and data not in self.data:
            rule = "is no data folder of this server any more; start it with --data again"
            raise BadInput("job", [SettingProblem("data", rule, data)])
        return Settings(
            folder=self.folder,
            storage=self.url.render_as_string(hide_password=False),
            data=self.data[data] if data is not None else None,
            workers=self.workers,
            backend=self.backend,
            device=self.device,
            save_every=self.save_every,
            store=self.store,
        )
