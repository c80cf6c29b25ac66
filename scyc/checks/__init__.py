"""Whether a system can be trained on some images: everything that is found before work starts."""
