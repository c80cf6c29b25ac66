"""The public Python API: see :mod:`oracle`."""

import importlib
import warnings

with warnings.catch_warnings():  # in a notebook without ipywidgets, which nothing here needs
    warnings.filterwarnings("ignore", message="IProgress not found")
    importlib.import_module("tqdm.auto")  # Optuna imports it, too
