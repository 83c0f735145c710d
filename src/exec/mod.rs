//! Child processes, tools on PATH, the Python environment.
