"""Settings cut down to the small values that functions receive."""

from collections.abc import Sequence
from dataclasses import replace

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.feedback import Learning
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.policy import (
    DEEP,
    INSTANT,
    PASSES,
    QUICK,
    STAGES,
    SYNTHESIS,
    ReviewPolicy,
    StagePolicy,
)
from mirador_lsp.core.silence import PathRule
from mirador_lsp.settings.settings import (
    ContextSettings,
    RuleSettings,
    Settings,
    StageSettings,
)

_AUTO = -1


def review_policy(
    settings: Settings,
    *,
    stages: Sequence[str] | None = None,
    lenses: Sequence[str] | None = None,
) -> ReviewPolicy:
    """How a review runs under `settings`; `stages` and `lenses` narrow it for one request.

    Raises `UserError` for a stage or lens that does not exist, and when none is named.
    """
    review = settings.review
    automatic = stages is None and not review.stages
    named = review.stages if stages is None else stages
    wanted = _known("stage", STAGES if automatic else named, STAGES)
    angles = _known("lens", review.lenses if lenses is None else lenses, tuple(Lens))
    return ReviewPolicy(
        stages=tuple(stage for stage in STAGES if stage in wanted),
        lenses=tuple(lens for lens in Lens if lens in angles),
        models=(
            _stage_policy(QUICK, settings.stages.quick, settings.context),
            _stage_policy(DEEP, settings.stages.deep, settings.context),
            _stage_policy(SYNTHESIS, settings.stages.synthesis, settings.context),
        ),
        gate=review.gate,
        max_findings_per_reply=review.max_findings_per_reply,
        max_findings_per_file=review.max_findings_per_file,
        max_model_bytes=review.max_model_bytes,
        max_line_length=review.max_line_length,
        reviewers=settings.reviewers,
        automatic=automatic,
        max_findings=review.max_findings,
        rules=tuple(_path_rule(rule, settings.folder) for rule in settings.rules),
        given=settings.said | ({"review.stages"} if stages is not None else set()),
    )


def learning_of(settings: Settings) -> Learning:
    """What may be learned from the user's decisions."""
    learning = settings.learning
    return Learning(
        enabled=learning.enabled,
        security_rules=frozenset(learning.security_rules),
        fix_examples=learning.fix_examples,
        review_examples=learning.review_examples,
    )


def answer_policy(settings: Settings) -> ReviewPolicy:
    """How an explanation or an answer comes about: what is known without a model, then the quick
    and the deep stage, as far as reviews run them; both where reviews run neither, because here
    somebody asks.
    """
    policy = review_policy(settings)
    chosen = [stage for stage in (QUICK, DEEP) if stage in policy.stages] or [QUICK, DEEP]
    answers = settings.answers
    models = tuple(
        replace(stage, max_tokens=answers.max_tokens, seconds=answers.seconds)
        for stage in policy.models
    )
    return replace(policy, stages=(INSTANT, *chosen), models=models)


def change_policy(settings: Settings) -> ReviewPolicy:
    """How a fix or another change comes about: by the same stages as an answer, of which the last
    writes, within the limits that stage has in a review.
    """
    return replace(review_policy(settings), stages=answer_policy(settings).stages)


def _known(what: str, names: Sequence[str], all_names: Sequence[str]) -> frozenset[str]:
    choices = f"Choose from {', '.join(all_names)}."
    for name in names:
        if name not in all_names:
            message = f'There is no {what} "{name}".'
            raise UserError(message, remedy=choices)
    if not names:
        message = f"Not one {what} is named."
        raise UserError(message, remedy=choices)
    return frozenset(names)


def _path_rule(rule: RuleSettings, folder: str) -> PathRule:
    pairs = (pair.rpartition("=") for pair in rule.severity)
    return PathRule(
        path=rule.path,
        ignore=rule.ignore,
        severity=tuple((name, Severity(bad)) for name, _, bad in pairs),
        lenses=tuple(Lens(lens) for lens in rule.lenses),
        root=folder,
        trusted=rule.trusted,
    )


def _stage_policy(name: str, stage: StageSettings, context: ContextSettings) -> StagePolicy:
    tokens = stage.context or context.tokens
    return StagePolicy(
        name=name,
        models=stage.models,
        max_tokens=stage.max_tokens,
        temperature=stage.temperature,
        seconds=stage.seconds,
        confidence=stage.confidence,
        instructions=stage.instructions,
        passes=tuple(each for each in PASSES if each in stage.passes),
        context_tokens=_AUTO if tokens == "auto" else int(tokens),
        context_seconds=context.seconds,
    )
