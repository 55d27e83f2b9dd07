"""What CI hosts run, run for real: the scripts of `ci/`, the jobs that call them, the hooks."""

import asyncio
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from fakes.openai_server import OpenAIStandIn, openai_server
from fakes.programs import ROOT, environment, program, repository, run

BAD = "import os\n\n\ndef f(items=[]):\n    return items\n"
GOOD = "def f() -> int:\n    return 1\n"
ENV_OF_RUNNER = {"GITHUB_ACTIONS": "true"}


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The checkout of a project with something to be found in it."""
    files = {"src/bad.py": BAD, "good.py": GOOD, "notes.txt": "no source\n"}
    return repository(tmp_path / "job", environment(tmp_path), files)


def review(job: Path, script: str = "review.sh", **said: str) -> subprocess.CompletedProcess[str]:
    """A script of `ci/` in a job."""
    env = environment(job.parent, **said)
    return run("bash", str(ROOT / "ci" / script), folder=job, env=env)


def test_the_whole_workspace_is_reviewed_at_once(job: Path) -> None:
    """Without anything said: analyzers alone, errors fail."""
    done = review(job)
    assert done.returncode == 0, done.stderr
    assert "src/bad.py:4:13: warning bug" in done.stdout
    assert review(job, REVIEW_FAIL_ON="warning").returncode == 1


def test_a_change_that_further_arguments_ask_for_is_reviewed_alone(job: Path) -> None:
    """In place of the whole workspace; they do not go together."""
    (job / "good.py").write_text("def g(items=[]):\n    return items\n")

    done = review(job, REVIEW_ARGUMENTS="--uncommitted\n--quiet")

    assert done.returncode == 0, done.stderr
    assert "good.py:1" in done.stdout
    assert "src/bad.py" not in done.stdout


def test_the_step_of_the_action_writes_annotations_report_and_summary(job: Path) -> None:
    """As its description says: inputs by the environment, the exit code as an output."""
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = [step for step in action["runs"]["steps"] if step.get("id") == "review"]
    inputs = {name: str(facts.get("default", "")) for name, facts in action["inputs"].items()}
    inputs |= {"fail-on": "warning", "paths": "src\ngood.py"}
    env = {
        name: inputs[value.removeprefix("${{ inputs.").removesuffix(" }}")]
        for name, value in step["env"].items()
    }
    out, summary = job.parent / "out", job.parent / "summary"
    env |= {**ENV_OF_RUNNER, "GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(summary)}
    env["GITHUB_ACTION_PATH"] = str(ROOT)
    done = run("bash", "-c", step["run"], folder=job, env=environment(job.parent, **env))

    assert done.returncode == 1, done.stderr
    assert "::warning file=src/bad.py,line=4,endLine=4,col=13," in done.stdout
    assert out.read_text() == "exit-code=1\n"
    assert summary.read_text().startswith("# Mirador review")
    assert json.loads((job / "mirador.sarif").read_text())["runs"][0]["results"]


def test_only_what_changed_is_reviewed(job: Path) -> None:
    """Since a revision; what was there before is not told."""
    (job / "new.py").write_text(BAD)
    env = environment(job.parent)
    for words in (["add", "new.py"], ["commit", "-q", "-m", "second"]):
        assert run("git", *words, folder=job, env=env).returncode == 0
    done = review(job, REVIEW_DIFF="HEAD~1..HEAD", REVIEW_FAIL_ON="warning")
    assert done.returncode == 1, done.stderr
    assert "new.py:4:13: warning" in done.stdout
    assert "src/bad.py:4" not in done.stdout


def test_hostile_values_are_arguments_and_nothing_else(job: Path) -> None:
    """Names of branches and files come from strangers; none of them runs."""
    mark = job.parent / "mark"
    hostile = f"$(touch {mark});`touch {mark}`\n--output={mark}\n; touch {mark}"
    assert review(job, REVIEW_PATHS=hostile).returncode == 2
    assert review(job, REVIEW_FAIL_ON=f"$(touch {mark})").returncode == 2
    assert review(job, REVIEW_DIFF=f"--output={mark}").returncode == 2
    assert review(job, REVIEW_STAGES=f"instant; touch {mark}").returncode == 2
    done = review(job, REVIEW_ENGINE=f'http://x"\n[a]\nb = "$(touch {mark})', REVIEW_MODEL="m")
    assert done.returncode == 2
    assert "holds a quote" in done.stderr
    assert not mark.exists()


def test_an_engine_needs_a_model(job: Path) -> None:
    """One sentence, exit code 2."""
    done = review(job, REVIEW_ENGINE="http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (
        2,
        "mirador: REVIEW_ENGINE needs REVIEW_MODEL as well\n",
    )


def _chunk(text: str, reason: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": reason}
    return json.dumps({"choices": [choice]})


async def test_an_engine_elsewhere_is_asked(job: Path) -> None:
    """Its address, model and key are the job's; the workspace's settings name none."""
    said = "- bug: The default list is shared by all calls. Code: `def f(items=[]):`"
    stand_in = OpenAIStandIn(
        answers={"/v1/models": {"object": "list", "data": [{"id": "coder", "object": "model"}]}},
        events=(_chunk(said), _chunk("", "stop"), "[DONE]"),
    )
    async with openai_server(stand_in) as server:
        env = {
            "REVIEW_ENGINE": server.address,
            "REVIEW_MODEL": "coder",
            "REVIEW_KEY": "secret-of-the-job",
            "REVIEW_STAGES": "quick",
            "REVIEW_PATHS": "src/bad.py",
        }
        done = await asyncio.to_thread(review, job, **env)
    assert done.returncode == 0, done.stderr
    assert "ci/coder" in done.stdout
    assert [path for path, _ in stand_in.asked if path.endswith("/chat/completions")]
    assert "secret-of-the-job" not in done.stdout + done.stderr
    assert not [path for path in job.parent.iterdir() if path.name.startswith("tmp.")]


def test_a_mirador_in_the_path_is_not_installed_again(job: Path) -> None:
    """The install script says which one it is."""
    done = review(job, "install.sh")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("mirador ")


def gitlab_job() -> dict[str, Any]:
    """The job of the template."""
    job: dict[str, Any] = yaml.safe_load((ROOT / "ci/gitlab.yml").read_text())["mirador"]
    return job


def test_the_job_for_gitlab_writes_its_report(job: Path) -> None:
    """With the variables of the template and what a project sets; by a plain shell."""
    template = gitlab_job()
    values = {name: str(value) for name, value in template["variables"].items()}
    values["MIRADOR_MODELS_FOLDER"] = str(job / ".mirador-models")
    values["REVIEW_FAIL_ON"] = "warning"
    (script,) = template["script"]
    done = run("sh", "-c", script, folder=job, env=environment(job.parent, **values))
    assert done.returncode == 1, done.stderr
    problems = json.loads((job / "gl-code-quality-report.json").read_text())
    assert {problem["location"]["path"] for problem in problems} == {"src/bad.py"}
    report = template["artifacts"]["reports"]["codequality"]
    assert values[report.removeprefix("$")] == "gl-code-quality-report.json"


def test_the_job_for_gitlab_says_what_it_needs(job: Path) -> None:
    """An image without Mirador and nothing said of where it is: one sentence, exit code 2."""
    (script,) = gitlab_job()["script"]
    env = environment(job.parent, REVIEW_SOURCE="", PATH=os.defpath)
    done = run("sh", "-c", script, folder=job, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "set the variable REVIEW_SOURCE" in done.stderr


@pytest.mark.parametrize(
    ("schema", "file", "more"),
    [
        ("vendor.github-actions", "action.yml", ()),
        ("vendor.gitlab-ci", "ci/gitlab.yml", ("--data-transform", "gitlab-ci")),
    ],
)
def test_the_files_of_hosts_keep_their_schemas(
    schema: str, file: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    """The schemas that the checker brings along."""
    checker = program("check-jsonschema")
    words = ("--builtin-schema", schema, *more, str(ROOT / file))
    done = run(checker, *words, folder=tmp_path, env=environment(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


def test_scripts_are_sound_bash() -> None:
    """Each is parsed whole, and stops at the first thing that fails."""
    for script in (ROOT / "ci").glob("*.sh"):
        assert os.access(script, os.X_OK)
        assert "set -euo pipefail" in script.read_text()
        done = run("bash", "-n", str(script), folder=ROOT, env=dict(os.environ))
        assert done.returncode == 0, done.stderr


@pytest.fixture
def hooked(job: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The job with the hook installed by the real pre-commit, and the environment of its user."""
    pre_commit = program("pre-commit")
    env = environment(tmp_path, PRE_COMMIT_HOME=str(tmp_path / "pc"))
    manifest = (ROOT / ".pre-commit-hooks.yaml").read_text()
    hooks = repository(tmp_path / "hooks", env, {".pre-commit-hooks.yaml": manifest})
    revision = run("git", "rev-parse", "HEAD", folder=hooks, env=env).stdout.strip()
    config = {
        "repos": [{"repo": str(hooks), "rev": revision, "hooks": [{"id": "mirador-installed"}]}]
    }
    (job / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    done = run(pre_commit, "install", folder=job, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    run("git", "add", ".pre-commit-config.yaml", folder=job, env=env)
    return job, env


def test_the_hook_stops_a_commit_and_lets_another_pass(
    hooked: tuple[Path, dict[str, str]],
) -> None:
    """It looks at what is staged, not at what else is wrong in the repository."""
    job, env = hooked
    (job / "new.py").write_text(BAD)
    run("git", "add", "new.py", folder=job, env=env)
    done = run("git", "commit", "-q", "-m", "bad", folder=job, env=env)
    assert done.returncode == 1
    assert "new.py:4:13: warning bug" in done.stdout + done.stderr
    assert "src/bad.py" not in done.stdout + done.stderr

    (job / "new.py").write_text(GOOD)
    (job / "empty.py").write_text("")
    run("git", "add", "new.py", "empty.py", folder=job, env=env)
    done = run("git", "commit", "-q", "-m", "good", folder=job, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_is_not_asked_about_other_files(hooked: tuple[Path, dict[str, str]]) -> None:
    """A commit of text alone is not held up."""
    job, env = hooked
    (job / "empty.py").write_text("")
    run("git", "add", "empty.py", folder=job, env=env)
    done = run("git", "commit", "-q", "-m", "text", folder=job, env=env)
    assert done.returncode == 0, done.stdout + done.stderr


def test_sarif_is_read_by_a_second_tool(job: Path) -> None:
    """By its own reading there are as many results as Mirador says."""
    sarif = program("sarif")
    env = environment(job.parent)
    done = review(job, REVIEW_REPORTS="sarif=out.sarif\njson=out.json")
    assert done.returncode == 0, done.stderr
    found = json.loads((job / "out.json").read_text())["findings"]
    assert found
    counted = run(sarif, "csv", "--output", "out.csv", "out.sarif", folder=job, env=env)
    assert counted.returncode == 0, counted.stderr
    rows = (job / "out.csv").read_text().splitlines()[1:]
    assert len(rows) == len(found)
