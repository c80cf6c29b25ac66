"""Facts about the local machine: processes, disk, devices; and durations as text."""
