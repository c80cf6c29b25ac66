"""Whether a system can be trained on some images: all problems, before work starts."""
