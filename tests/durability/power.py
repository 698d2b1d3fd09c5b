"""What a loss of power may leave of the files that a process wrote, from a record of its system calls.

The rules are those of POSIX and no file system's own: what a file holds is certain up to its last `fsync`, a name up to
the last `fsync` of its folder. Of what came later any part may be on disk: each write, or some of its sectors of 512
bytes; each name made, moved or removed, or not (T. S. Pillai et al., "All File Systems Are Not Created Equal", OSDI
2014). What was written through a map of memory is not seen; that is SQLite's `-shm`, which it makes anew.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

TRACED = (
    "open,openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fallocate,rename,renameat,renameat2,"
    "unlink,unlinkat,mkdir,mkdirat,rmdir,link,linkat,fsync,fdatasync,dup,dup2,dup3,fcntl,lseek,sendfile,copy_file_range"
)
WORDS = ("--seccomp-bpf", "-xx", "-s", "4000000", "-e", f"trace={TRACED}")
"""How strace is to be called."""

SECTOR = 512
_LINE = re.compile(r"(\d+) +(?:<\.\.\. \w+ resumed>)?(.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass(frozen=True)
class Span:
    """When a call was on its way: number of the line where it began, and of that where it ended."""

    begin: int
    end: int


@dataclass(eq=False)
class Node:
    """A file or folder, whatever its names are."""

    is_folder: bool
    writes: list[tuple[Span, int, bytes | None]] = field(default_factory=list)  # place and bytes; None: cut off there
    syncs: list[Span] = field(default_factory=list)

    def is_certain(self, done: Span, crash: int) -> bool:
        """Whether what was done is on disk at a crash."""
        return any(done.end < sync.begin and sync.end < crash for sync in self.syncs)


@dataclass(frozen=True)
class Naming:
    """A change of names: `gone` and `made` are a folder and a name in it."""

    span: Span
    node: Node | None
    gone: tuple[Node, str] | None = None
    made: tuple[Node, str] | None = None

    def is_certain(self, crash: int) -> bool:
        """Whether it is on disk at a crash."""
        folders = [place[0] for place in (self.gone, self.made) if place is not None]
        return all(folder.is_certain(self.span, crash) for folder in folders)


@dataclass
class _Open:
    node: Node
    place: int = 0
    at_end: bool = False


class Record:
    """The calls of a process below one folder, which was empty when it began."""

    def __init__(self, trace: Path, folder: Path) -> None:
        self.root = Node(is_folder=True)
        self.names: list[Naming] = []
        self.length = 0
        self.marks: list[int] = []  # where something was made certain, cut off, renamed or removed
        self._folder = str(folder)
        self._entries: dict[Node, dict[str, Node]] = {self.root: {}}
        self._open: dict[int, _Open] = {}
        for span, name, given, result in _calls(trace):
            self.length = span.end
            if result >= 0:
                self._take(span, name, given, result)

    def left(self, crash: int, chance: random.Random | None) -> dict[str, bytes]:
        """The files by their paths that a crash leaves; with all that was done where there is no `chance`."""
        entries: dict[Node, dict[str, Node]] = {self.root: {}}
        for naming in self.names:
            if naming.span.begin < crash and (chance is None or naming.is_certain(crash) or chance.random() < 0.5):
                _rename(entries, naming)
        found: dict[str, bytes] = {}
        for path, node in _files(entries, self.root, ""):
            found[path] = _content(node, crash, chance)
        return found

    def noted(self, path: str, crash: int) -> bytes:
        """What a file that nobody syncs held at an instant."""
        node = self._at(f"{self._folder}/{path}")
        return b"" if node is None else _content(node, crash, None)

    def _at(self, path: str) -> Node | None:
        """The file or folder of a path; None outside of the folder and where there is none."""
        if path == self._folder:
            return self.root
        if not path.startswith(f"{self._folder}/"):
            return None
        node: Node | None = self.root
        for part in path[len(self._folder) + 1 :].split("/"):
            node = None if node is None else self._entries.get(node, {}).get(part)
        return node

    def _place(self, path: str) -> tuple[Node, str] | None:
        folder, _, name = path.rpartition("/")
        node = self._at(folder)
        return None if node is None else (node, name)

    def _take(self, span: Span, name: str, given: str, result: int) -> None:
        texts = [_bytes(text) for text in _TEXT.findall(given)]
        numbers = [int(word) for word in re.findall(r"(?:^|, )(-?\d+)(?=,|$)", _TEXT.sub("", given))]
        if name in ("open", "openat", "creat"):
            self._opened(span, self._path(given, texts[0].decode()), given, result)
        elif name in ("dup", "dup2", "dup3") or (name == "fcntl" and "F_DUPFD" in given):
            self._open.pop(result, None)
            if numbers[0] in self._open:
                self._open[result] = self._open[numbers[0]]
        elif name in _NAMES:
            self._named(span, name, given, texts)
        elif numbers and (opened := self._open.get(numbers[0])) is not None:
            self._written(span, name, opened, texts, numbers, result)

    def _path(self, given: str, path: str, which: int = 0) -> str:
        """With what it is below: the folder of the call, where it names one by its number."""
        number = re.findall(r"(?:^|, )(\d+)(?=, \")", given)
        if path.startswith("/") or len(number) <= which or int(number[which]) not in self._open:
            return path
        return f"{self._path_of(self._open[int(number[which])].node)}/{path}"

    def _path_of(self, wanted: Node) -> str:
        def search(node: Node, path: str) -> Iterator[str]:
            if node is wanted:
                yield path
            for name, each in self._entries.get(node, {}).items():
                yield from search(each, f"{path}/{name}")

        return next(search(self.root, self._folder), "gone")

    def _opened(self, span: Span, path: str, given: str, result: int) -> None:
        self._open.pop(result, None)
        place, node = self._place(path), self._at(path)
        if node is None and place is not None and "O_CREAT" in given:
            node = Node(is_folder=False)
            self._name(Naming(span, node, made=place))
        if node is None:
            return
        if "O_TRUNC" in given:
            node.writes.append((span, 0, None))
        self._open[result] = _Open(node, at_end="O_APPEND" in given)

    def _named(self, span: Span, name: str, given: str, texts: list[bytes]) -> None:
        paths = [self._path(given, text.decode(), which) for which, text in enumerate(texts)]
        places = [self._place(path) for path in paths]
        node = self._at(paths[0])
        if name.startswith("mkdir") and places[0] is not None:
            self._name(Naming(span, Node(is_folder=True), made=places[0]))
        elif node is None:
            return
        elif name.startswith("rename"):
            self._name(Naming(span, node, gone=places[0], made=places[1]))
        elif name.startswith("link"):
            self._name(Naming(span, node, made=places[1]))
        else:
            self._name(Naming(span, None, gone=places[0]))

    def _name(self, naming: Naming) -> None:
        self.names.append(naming)
        self.marks.append(naming.span.end)
        _rename(self._entries, naming)

    def _written(
        self, span: Span, name: str, opened: _Open, texts: list[bytes], numbers: list[int], result: int
    ) -> None:
        node = opened.node
        if name in ("fsync", "fdatasync"):
            node.syncs.append(span)
            self.marks.append(span.end)
        elif name == "lseek":
            opened.place = result
        elif name == "ftruncate":
            node.writes.append((span, numbers[1], None))
            self.marks.append(span.end)
        elif name == "pwrite64":
            node.writes.append((span, numbers[-1], texts[0][:result]))
        elif name in ("write", "writev"):
            self._append(span, opened, b"".join(texts)[:result])
        elif name == "sendfile":
            source = self._open[numbers[1]]
            begin = numbers[2] if len(numbers) > 3 else source.place
            self._append(span, opened, _content(source.node, span.end + 1, None)[begin : begin + result])
        elif name != "fcntl":
            raise NotImplementedError(name)

    def _append(self, span: Span, opened: _Open, data: bytes) -> None:
        place = len(_content(opened.node, span.end + 1, None)) if opened.at_end else opened.place
        opened.node.writes.append((span, place, data))
        opened.place = place + len(data)


_NAMES = ("rename", "renameat", "renameat2", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir", "link", "linkat")


def _rename(entries: dict[Node, dict[str, Node]], naming: Naming) -> None:
    """Change names, unless what is named is not there."""
    node = naming.node
    if naming.gone is not None:
        folder, name = naming.gone
        there = entries.get(folder, {}).get(name)
        if there is None or (node is not None and there is not node):
            return
        del entries[folder][name]
    if naming.made is not None and node is not None and naming.made[0] in entries:
        entries[naming.made[0]][naming.made[1]] = node
        if node.is_folder:
            entries.setdefault(node, {})


def _files(entries: dict[Node, dict[str, Node]], folder: Node, path: str) -> Iterator[tuple[str, Node]]:
    """The files below a folder; of an empty folder its path with a stroke behind it."""
    for name, node in entries[folder].items():
        if node.is_folder:
            yield f"{path}{name}/", node
            yield from _files(entries, node, f"{path}{name}/")
        else:
            yield f"{path}{name}", node


def _content(node: Node, crash: int, chance: random.Random | None) -> bytes:
    found = bytearray()
    for span, place, data in node.writes:
        if span.begin >= crash:
            break
        kept = chance is None or node.is_certain(span, crash)
        if data is None:
            if kept or (chance is not None and chance.random() < 0.5):
                found[place:] = bytes(max(0, place - len(found)))
            continue
        for begin, end in [(0, len(data))] if kept or chance is None else _parts(place, len(data), chance):
            found.extend(bytes(max(0, place + end - len(found))))
            found[place + begin : place + end] = data[begin:end]
    return bytes(found)


def _parts(place: int, size: int, chance: random.Random) -> Sequence[tuple[int, int]]:
    """Which bytes of a write come to the disk: none, all, those before some sector, or any sectors."""
    edges = [0, *range(SECTOR - place % SECTOR, size, SECTOR), size]
    sectors = list(pairwise(edges))
    match chance.randrange(4):
        case 0:
            return []
        case 1:
            return sectors
        case 2:
            return sectors[: chance.randrange(len(sectors) + 1)]
        case _:
            return [each for each in sectors if chance.random() < 0.5]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _calls(trace: Path) -> Iterator[tuple[Span, str, str, int]]:
    """When, name, arguments and result of each call that ended, in the order in which they ended."""
    begun: dict[str, tuple[int, str]] = {}
    with trace.open() as lines:
        for number, line in enumerate(lines):
            match = _LINE.match(line)
            if match is None:
                continue
            thread, rest = match.groups()
            if rest.endswith("<unfinished ...>"):
                begun[thread] = number, rest.removesuffix(" <unfinished ...>")
                continue
            begin, first = begun.pop(thread, (number, "")) if " resumed>" in line[:60] else (number, "")
            call = _CALL.match(first + rest)
            if call is not None:
                yield Span(begin, number), call[1], call[2], int(call[3])
