"""What a dataset folder says of itself: its card and its metadata."""
