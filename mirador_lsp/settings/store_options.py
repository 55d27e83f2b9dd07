"""The wire form of the settings about the file in which everything is remembered."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class StoreOptions:
    """How what is remembered lies on this machine."""

    encryption: str | None = option(
        "With `on`, what Mirador remembers and the replies it keeps are encrypted on the disk; "
        "what is there already is converted without loss when it is next opened. The key is kept "
        "in the keyring of the system or, where there is none, in a file that you alone can read. "
        "It needs `pip install 'mirador-lsp[encryption]'`. With `off` a store that is encrypted "
        "stays so until `mirador store decrypt`.",
        choices=("off", "on"),
        own=True,
    )
