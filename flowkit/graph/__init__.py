"""A flow as a picture: Mermaid for documents, SVG for looking; with a path or coverage on it."""

from flowkit.graph.layout import Point, positions
from flowkit.graph.marks import Marks, marks_of
from flowkit.graph.mermaid import mermaid
from flowkit.graph.svg import svg

__all__ = ["Marks", "Point", "marks_of", "mermaid", "positions", "svg"]
