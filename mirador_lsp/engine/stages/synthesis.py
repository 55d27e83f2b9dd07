"""The synthesis stage: has what was found judged, and sums the review up."""

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.events import StageProgressed
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import SYNTHESIS
from mirador_lsp.engine import grammar
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.reading import read_number
from mirador_lsp.engine.stages.asking import Question, ask
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.judging import judge_all

_MOST_SUMMED = 6


async def run(job: Job, tools: Tools, desk: Desk, tally: Tally) -> Said:
    """Have the candidates judged by a model that can; sum up what stands.

    The summary is "" when there is nothing to sum up. The stage looks at findings, not at code: it
    reviews nothing.
    """
    await judge_all(job, tools, desk, tally)
    findings = desk.ledger.shown()
    if not findings or job.from_memory:
        return Said(looked=0)
    summary = await _sum_up(findings[:_MOST_SUMMED], job, tools, desk, tally)
    return Said(looked=0, summary=summary)


async def _sum_up(findings: list[Finding], job: Job, tools: Tools, desk: Desk, tally: Tally) -> str:
    # The model only chooses. Asked for a sentence, a small one gave advice that made things worse.
    system, asked = render("summary_system"), render("ask_summary")
    name = plain(job.request.snapshot.name, limit=200)
    listed = "\n".join(
        f"{number}. {f.lens.value}: {f.message} Code: `{f.quote}`"
        for number, f in enumerate(findings, 1)
    )
    told = render("summary_material", name=name, findings=listed)
    question = Question(
        prompt=Prompt(
            system=system.text,
            material=told.text,
            question=asked.text,
            constraint=grammar.number(len(findings)),
            version=f"{system.version}+{told.version}+{asked.version}",
        ),
        max_tokens=4,
        labels={"unit": "summary", "lens": ""},
        at=StageProgressed(SYNTHESIS, 0, 1, "summary"),
    )
    desk.emit(question.at)
    heard: list[str] = []

    def hear(line: str, _sureness: float) -> bool:
        heard.append(line)
        return False

    await ask(question, job, tools, desk, tally, hear)
    chosen = read_number(" ".join(heard), len(findings))
    if chosen is None:
        return ""
    finding = findings[chosen - 1]
    line = job.request.snapshot.lines.line_of(finding.span.start) + 1
    return f"First: line {line}, {finding.message}"
