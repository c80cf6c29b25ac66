"""The data of each kind of table, one module a kind of study."""
