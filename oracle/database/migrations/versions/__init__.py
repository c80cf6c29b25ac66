"""One module for each released schema. A module is never changed once it is released."""
