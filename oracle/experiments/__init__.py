"""What each kind of study trains, one module a kind."""
