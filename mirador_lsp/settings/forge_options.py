"""The wire form of the settings about pull requests on forges."""

from dataclasses import dataclass

from mirador_lsp.core.pulls import ForgeKind
from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class ForgesOptions:
    """Where pull requests live, and how much is said on them. Tokens come from the environment."""

    hosts: tuple[str, ...] | None = option(
        'Your own forges and what they are: `{"git.example.org" = "gitlab"}`, or `github` or '
        "`gitea`, which Forgejo is too. A token goes to these and to the public forges without a "
        "question.",
        form=rf"[a-z0-9.:\[\]-]{{1,255}}=({'|'.join(ForgeKind)})",
        pairs=True,
        may_be_empty=True,
        restricted=True,
        own=True,
    )
    max_comments: int | None = option(
        "Comments at lines of one pull request that are open at a time. What is above is told in "
        "the summary alone.",
        low=0,
        high=100,
        own=True,
    )
