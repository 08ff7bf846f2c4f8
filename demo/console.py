"""What the newcomer sees: one line a step, with a spinner while it lasts on a terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.table import Table


class DemoError(Exception):
    """A step that could not be done; the message says what to do next."""


class Screen:
    """Steps, a table, and closing lines."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[list[str]]:
        """Show a step while it lasts; what the body appends to the list is shown at its end."""
        notes: list[str] = []
        begun = time.monotonic()
        try:
            with self._console.status(f"{name}: {doing}"):
                yield notes
        except BaseException:
            self._console.print(f"[red]✗[/] {name:<10} {doing}")
            raise
        seconds = f"{time.monotonic() - begun:.1f} s"
        self._console.print(
            f"[green]✓[/] {name:<10} {escape(', '.join(notes) or doing)} ({seconds})"
        )

    def table(self, title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
        table = Table(*columns, title=title, title_justify="left")
        for row in rows:
            table.add_row(*row)
        self._console.print()
        self._console.print(table, soft_wrap=False)

    def say(self, *lines: str) -> None:
        for line in lines:
            self._console.print(line, markup=False)

    def complain(self, text: str) -> None:
        self._console.print()
        self._console.print(text, style="red", markup=False)
