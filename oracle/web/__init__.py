"""The service over HTTP: an API, pages for people, and the Optuna dashboard."""
