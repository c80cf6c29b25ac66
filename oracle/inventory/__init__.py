"""What is kept in a home: listed, moved, deleted, exported and imported, by run."""
