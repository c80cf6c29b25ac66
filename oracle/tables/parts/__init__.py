"""Parts of tables that several kinds of study have, or that a table has only for some studies."""
