"""What users are told of a database: each sentence once."""

from mirador_lsp.core.events import Notice, NoticeKind

LATER = "What this session keeps waits in memory until it can be written."
SESSION = "What this session keeps is gone when it ends."


class Telling:
    """The sentences of one process."""

    def __init__(self) -> None:
        self._notices: list[Notice] = []
        self._told: set[str] = set()

    def tell(self, text: str) -> None:
        """Have it told, unless it was."""
        if text not in self._told:
            self._told.add(text)
            self._notices.append(Notice(NoticeKind.UNAVAILABLE, text))

    def notices(self) -> tuple[Notice, ...]:
        """What is to be told now."""
        told, self._notices = tuple(self._notices), []
        return told
