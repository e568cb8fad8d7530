"""QuickBooks for BlueOps: invoices, payments and expenses kept equal in both, to the cent."""

from pathlib import Path

__version__ = "0.1.0"


def root() -> Path:
    """The folder that holds plugin.toml, hooks/ and migrations/; the host's loader starts there.

    A wheel carries them beside the code in ``_plugin``; in a checkout they lie at the top of the repository.
    """
    package = Path(__file__).resolve().parent
    carried = package / "_plugin"
    return carried if (carried / "plugin.toml").is_file() else package.parent
