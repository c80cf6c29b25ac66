"""The service behind HTTP and the CLI: jobs, scheduler, driver processes."""
