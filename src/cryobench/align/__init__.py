"""Freedom of gauge: one map to another, one set of poses to another, and shifts."""
