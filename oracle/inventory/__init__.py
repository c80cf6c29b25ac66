"""The contents of a home: listed, moved, deleted, exported and imported, by run."""
