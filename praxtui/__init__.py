"""praxtui: a terminal cockpit with an autonomous researcher inside."""

__version__ = "0.1.0"
