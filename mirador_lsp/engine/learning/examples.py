"""What the user accepted, shown to models as examples of what is wanted.

Examples come from the user's own store, never from a file of a workspace. They stand behind the
code and before the question, so that what a backend has kept of the code still fits.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from textwrap import dedent

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.feedback import Learning, Opinion, Verdict
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.engine.context.compiler import visible
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.learning.judging import strength_of
from mirador_lsp.engine.learning.learner import Learner
from mirador_lsp.engine.learning.likeness import Told, alike
from mirador_lsp.engine.prompts.render import Rendered, render

_LONGEST_CHANGE = 1200
"""Characters of a change that is shown: about 400 tokens. A longer one is none to learn from."""
_PLACES = ("--- ", "+++ ")
"""Lines of a diff that name files."""
_TAG = re.compile(r"[^a-z0-9+#-]")
_NOTHING = Rendered("", "")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Examples:
    """Finds examples for a question. Where the store cannot be read there are none."""

    learner: Learner | None = None
    learning: Learning = field(default_factory=Learning)

    async def of_fixes(self, finding: Finding, language: str) -> Rendered:
        """Accepted changes for findings like this one, the likest last: next to the question."""
        most = self.learning.fix_examples
        told, tag = Told.of(finding), _TAG.sub("", language.lower())
        scored = [
            (alike(told, Told.of(each), {}), each)
            for each in await self._known(most, language)
            if each.verdict is Verdict.ACCEPTED and 0 < len(_written(each)) <= _LONGEST_CHANGE
        ]
        best = sorted((pair for pair in scored if pair[0] >= 1), key=lambda pair: -pair[0])[:most]
        texts = [_example(each, tag) for _, each in reversed(best)]
        if not texts:
            return _NOTHING
        return Rendered("".join(f"{each.text}\n" for each in texts), texts[0].version)

    async def of_findings(self, lenses: Sequence[Lens], language: str) -> Rendered:
        """Findings of models that the user accepted under these lenses, the newest last."""
        most = self.learning.review_examples
        best: list[Opinion] = []
        for each in await self._known(most, language):
            right = each.lens in lenses and each.rule.startswith("model/") and strength_of(each) > 0
            new = all(alike(Told.of(each), Told.of(other), {}) < 1 for other in best)
            if right and new and len(best) < most:
                best.append(each)
        if not best:
            return _NOTHING
        lines = [
            f"- {each.lens}: {plain(each.message, 200)} Code: `{plain(each.quote, 160)}`"
            for each in reversed(best)
        ]
        said = render("review_example", findings=fenced("", "\n".join(lines)))
        return Rendered(f"{said.text}\n", said.version)

    async def _known(self, most: int, language: str) -> Sequence[Opinion]:
        if self.learner is None or not self.learning.enabled or not most:
            return ()
        try:
            opinions = await self.learner.opinions()
        except ServiceError as error:
            _log.warning("no examples are shown: %s", error)
            return ()
        return [each for each in opinions if each.lens and language in ("", each.language)]


def _written(opinion: Opinion) -> str:
    """The lines that the accepted change wrote. Shown whole diffs, a small model was seen to write
    the other function anew.
    """
    shown, _ = visible(opinion.change)
    lines = (line for line in shown.split("\n") if not line.startswith(_PLACES))
    return dedent("\n".join(line[1:] for line in lines if line.startswith("+"))).strip("\n")


def _example(opinion: Opinion, language: str) -> Rendered:
    change = fenced(language, _written(opinion))
    return render("fix_example", message=plain(opinion.message, 200), change=change)
