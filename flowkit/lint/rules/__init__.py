"""Every rule; importing this package fills the registry in reading order."""

from flowkit.lint.rules import branches, chat, document, parameters, way

__all__ = ["branches", "chat", "document", "parameters", "way"]
