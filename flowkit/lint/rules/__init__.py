"""Every rule; importing this package fills the registry in reading order."""

from flowkit.lint.rules import branches, chat, data, document, parameters, time, views, way

__all__ = ["branches", "chat", "data", "document", "parameters", "time", "views", "way"]
