"""A change of files on the disk, as it is with what somebody has not saved."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from mirador_lsp.core.change_sets import FileChange
from mirador_lsp.syntax.languages import language_of
from mirador_lsp.workspace.decoding import decode
from mirador_lsp.workspace.git.collecting import Pair, Side, file_change, identified_in
from mirador_lsp.workspace.git.contents import contents
from mirador_lsp.workspace.git.finding import Found, naming_from


async def with_texts(found: Found, folder: Path, texts: Mapping[Path, str]) -> Found:
    """The change with these texts, by absolute paths, in place of those on the disk. Files outside
    of `folder` do not count. Raises `UserError` when git fails.
    """
    root, repository = found.root, found.repository
    if root is None or repository is None:
        return found
    wanted = {
        path.relative_to(root).as_posix(): text
        for path, text in texts.items()
        if path.is_relative_to(folder) and path.is_relative_to(root)
    }
    known = {file.path: file for file in found.change.files}
    asked = {path: f"HEAD:{path}" for path in wanted if path not in known}
    committed = await contents(repository, asked.values()) if found.change.base else {}
    identify, naming = identified_in(root), naming_from(folder, root)

    def merged() -> tuple[FileChange, ...]:
        for path, text in wanted.items():
            file = known.pop(path, None)
            old = ""
            if file is not None:
                before = None if file.before is None else Side(file.before)
                old = file.old_name
            else:
                content = committed.get(asked[path])
                was = decode(content, language_of(path)) if isinstance(content, bytes) else None
                if not isinstance(was, str):
                    continue  # nobody committed it, and it is ignored: the disk would list it
                before = Side(was)
            change = file_change(Pair(path, before, Side(text)), "", identify, naming)
            if change is not None:
                kind = file.kind if file is not None and old else change.kind
                known[path] = replace(change, kind=kind, old_name=old)
        return tuple(sorted(known.values(), key=lambda each: each.name))

    files = await asyncio.to_thread(merged)
    return replace(found, change=replace(found.change, files=files))
