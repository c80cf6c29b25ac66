"""A run, its resumption and all pages, where whatever unpickles ends the program.

Arguments: a folder with mine.yaml, which takes the database; and "break", to unpickle on purpose.
"""

import _pickle
import pickle
import sys
from typing import Any, NoReturn


class Unpickled(BaseException):
    """Passes every `except Exception`."""


def refuse(*_: Any, **__: Any) -> NoReturn:
    raise Unpickled("something was unpickled")


def watch(event: str, _: Any) -> None:
    if event == "pickle.find_class":  # also for modules that hold the real functions
        refuse()


for module in (pickle, _pickle):
    for name in ("load", "loads", "_load", "_loads"):
        if hasattr(module, name):
            setattr(module, name, refuse)
    for name in ("Unpickler", "_Unpickler"):
        if hasattr(module, name):
            whole = getattr(module, name)
            setattr(module, name, type(name, (whole,), {"load": refuse}))
if len(sys.argv) > 2:
    pickle.loads(b"N.")  # noqa: S301  # nothing is read

from pathlib import Path  # noqa: E402  # nothing may keep the real functions

import optuna_dashboard  # noqa: E402, F401  # what comes with it is imported before it is watched
from starlette.testclient import TestClient  # noqa: E402

from oracle.database import sqlite_url  # noqa: E402
from oracle.rest.settings import WebSettings  # noqa: E402
from oracle.runs import execute, prepare  # noqa: E402
from oracle.service.service import Service  # noqa: E402
from oracle.service.settings import ServerSettings  # noqa: E402
from oracle.settings import Settings  # noqa: E402
from oracle.study.loading import read_yaml  # noqa: E402
from oracle.study.validation import parse  # noqa: E402
from oracle.web.app import create_app  # noqa: E402

folder = Path(sys.argv[1])
url = sqlite_url(folder / "oracle.db")
settings = Settings(folder, url.render_as_string(hide_password=False), backend="inline", workers=1)
study = parse(read_yaml((folder / "mine.yaml").read_text(), "mine.yaml"), "mine.yaml")
sys.addaudithook(watch)
for _ in range(2):  # the second time all is there
    prepared = prepare.prepare(study, settings)
    execute.execute(prepared)
service = Service(ServerSettings(url, folder))
app = create_app(service, WebSettings(rate=1e6, burst=10**6))
client = TestClient(app, base_url="http://127.0.0.1:8000")
run = prepared.run_id
paths = [f"/v1/runs/{run}{part}" for part in ("", "/table", "/figure", "/report", "/study")]
paths += ["/", "/v1/runs", f"/runs/{run}", f"/runs/{run}/panels", "/dashboard", "/api/meta"]
for each in client.get("/api/studies").json()["study_summaries"]:
    number = each["study_id"]
    paths += [f"/api/studies/{number}", f"/csv/{number}"]
    paths += [f"/api/studies/{number}/{part}" for part in ("param_importances", "plot/contour")]
for path in paths:
    answer = client.get(path)
    if not answer.is_success and not path.endswith(("importances", "contour")):
        sys.exit(f"{path}: {answer.status_code} {answer.text[:300]}")
service.close()
sys.stdout.write(f"{len(paths)}\n")
