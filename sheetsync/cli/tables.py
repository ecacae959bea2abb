"""A terminal for tables and colours, to which typed text says nothing but itself."""

from collections.abc import Callable, Iterable
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment


class CleanConsole(Console):
    """A console that takes out of text what moves a cursor or turns text around; colours are its own."""

    def __init__(self, clean: Callable[[str], str], **options: Any) -> None:
        super().__init__(**options)
        self._clean = clean

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """The segments of something to be shown."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(self._clean(segment.text), segment.style)
