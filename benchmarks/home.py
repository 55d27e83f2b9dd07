"""A Mirador of the benchmarks' own: private folders; only the model files are the user's."""

import contextlib
import os
import shutil
import sysconfig
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from mirador_lsp.app import App, open_app
from mirador_lsp.core.errors import ModelUnavailable, UserError
from mirador_lsp.models.catalogue import load_catalogue
from mirador_lsp.models.embedded import EmbeddedBackend, EngineOptions, InstalledModel
from mirador_lsp.models.storage import ModelStore
from mirador_lsp.models.wire import MOST_RESIDENTS
from mirador_lsp.settings import Paths, Settings, paths
from mirador_lsp.settings.settings import EngineSettings, StagesSettings

MODEL = "qwen2.5-coder-0.5b"
"""The small model every user has: the one that figures of first tokens are about."""
_IDLE_SECONDS = 900.0
"""An engine whose benchmark was killed leaves after this long. It must not leave while the other
side of a comparison has its turn, which can take minutes where others use the machine.
"""


class Home:
    """The folders and settings of the measured Mirador. Make one with `private_home`."""

    def __init__(self, folder: Path) -> None:
        user = paths(os.environ)
        self.folder = folder
        self.paths = Paths(
            config_file=folder / "config" / "config.toml",
            cache=folder / "cache",
            models=user.models,
            state=folder / "state",
            runtime=folder / "run",
        )
        stages = StagesSettings()
        self.settings = Settings(
            engine=EngineSettings(idle_seconds=_IDLE_SECONDS),
            # Where a larger model is installed the later stages would prefer it, and the figures
            # of two machines would not be of the same thing.
            stages=StagesSettings(
                quick=replace(stages.quick, models=(MODEL,)),
                deep=replace(stages.deep, models=(MODEL,)),
                synthesis=replace(stages.synthesis, models=(MODEL,)),
            ),
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a `mirador` process that lives here."""
        kept = {name: value for name, value in os.environ.items() if name[:8] != "MIRADOR_"}
        return kept | {
            "MIRADOR_CONFIG_DIR": str(self.paths.config_file.parent),
            "MIRADOR_CACHE_DIR": str(self.paths.cache),
            "MIRADOR_STATE_DIR": str(self.paths.state),
            "MIRADOR_RUNTIME_DIR": str(self.paths.runtime),
            "MIRADOR_MODELS_FOLDER": str(self.paths.models),
        }

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The application, open for the block."""
        async with open_app(self.settings, paths=self.paths) as app:
            yield app

    def straight_folder(self, name: str = "straight") -> Path:
        """A folder for an engine that runs without Mirador."""
        folder = self.folder / name
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def models(self) -> list[InstalledModel]:
        """Every installed model, those of the user's own catalogue among them."""
        own = paths(os.environ).config_file.with_name("models.toml")
        return [
            InstalledModel(
                name=installed.entry.name,
                path=installed.path,
                digest=installed.entry.sha256,
                size_bytes=installed.entry.size,
                context_tokens=installed.entry.context_tokens,
                parameters=installed.entry.parameters,
                can_judge=installed.entry.can_judge,
            )
            for installed in ModelStore(self.paths.models, load_catalogue(own)).installed()
        ]

    def model(self) -> InstalledModel:
        """The installed small model. Raises UserError when it is not there."""
        for model in self.models():
            if model.name == MODEL:
                return model
        message = f"The model {MODEL} is not installed."
        raise UserError(message, remedy=f"Fetch it: mirador models pull {MODEL}")

    def backend(self, *models: InstalledModel, residents: int = MOST_RESIDENTS) -> EmbeddedBackend:
        """The embedded engine, as the application has it, with the small model or others."""
        engine = self.settings.engine
        options = EngineOptions(
            threads=engine.threads,
            context_tokens=engine.context_tokens,
            idle_seconds=engine.idle_seconds,
            cache_ram_mib=engine.cache_ram_mib,
            cache_disk_mib=engine.cache_disk_mib,
            resident_models=residents,
        )
        found = list(models) or [self.model()]
        cache = self.paths.cache / "prefixes"
        return EmbeddedBackend(lambda: found, options, runtime=self.paths.runtime, cache=cache)

    async def stop_engine(self) -> None:
        """End the engine that lives here, if one does; wait until it is gone."""
        backend = EmbeddedBackend(
            list, EngineOptions(), runtime=self.paths.runtime, cache=self.paths.cache
        )
        with contextlib.suppress(ModelUnavailable):
            await backend.stop()
        await backend.close()


@contextmanager
def private_home() -> Iterator[Home]:
    """A home in a fresh folder, which goes with the block."""
    folder = Path(tempfile.mkdtemp(prefix="mirador-bench-"))
    try:
        yield Home(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def mirador_command() -> str:
    """Path of the `mirador` command beside this interpreter."""
    return str(Path(sysconfig.get_path("scripts")) / "mirador")
