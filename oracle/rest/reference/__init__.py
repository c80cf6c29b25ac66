"""The description of the HTTP API: the OpenAPI document and its examples."""
