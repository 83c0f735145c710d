"""What `pip install` brings from the localnet's package index: enough to see that it came (simulated)."""


def greeting(name):
    """A greeting for somebody, or for a node."""
    return f"Hello, {name}, from a package that pip installed."
