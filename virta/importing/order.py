"""What somebody wants imported, looked at as a whole before anything is done: the files, what is in each, and
whether those who had left are among them."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from consent.contract.imports import Attested, Import, ImportFile
from dsl.graph import Program
from virta.importing.attestation import read_attested
from virta.importing.columns import read_maps, said_in_vain
from virta.importing.files import Part, look_at, parts_of
from virta.importing.formats.product import in_words
from virta.importing.formats.products import PRODUCTS
from virta.importing.person import STOPPED, Stood
from virta.importing.reading import Meaning, Source, source_of
from virta.settings import BrokenProject, Controller


@dataclass(frozen=True, slots=True)
class Order:
    """What was said on the command line. `stopped` are files that hold those alone who stood like that, and
    `none` those of whom there are none in the other system."""

    product: str
    files: tuple[Path, ...]
    stopped: Mapping[Stood, tuple[Path, ...]]
    none: tuple[Stood, ...]
    maps: tuple[str, ...]
    topics: tuple[str, ...]
    attestation: Path | None
    encoding: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order that can be carried out. `sources` are in the order of `what.files`; `signed` are the digests
    of its parts that the controller signed (None: nothing is attested)."""

    what: Import
    sources: tuple[Source, ...]
    meaning: Meaning
    attestation: bytes
    signed: tuple[str, ...] | None

    @property
    def length(self) -> int:
        """How many rows there are to go through, about: those of some files twice."""
        return sum(
            source.looked.lines * (bool(source.kind.tells) + source.kind.brings) for source in self.sources
        )


def prepare(
    order: Order,
    program: Program,
    controller: Controller,
    importer: str,
    read: Callable[[int], None],
    now: int,
) -> Prepared:
    """Look at all that was ordered. `read` is told how many bytes are behind; `now` in ms UTC. Raises
    `BrokenProject`."""
    topics = _topics(order.topics, program)
    product, attributes = PRODUCTS[order.product], dict(program.attributes)
    said = read_maps(order.maps, attributes)
    meaning = Meaning(product, said, attributes)
    named: list[tuple[Part, Stood | None]] = [(part, None) for part in parts_of(order.files)]
    for who, paths in order.stopped.items():
        named += [(part, who) for part in parts_of(paths)]
    sources, behind = [], 0
    for part, stood in named:
        sources.append(source_of(look_at(part, order.encoding, _from(behind, read)), meaning, stood))
        behind += part.size
    _once(sources)
    vain = said_in_vain(
        {key: to for key, to in said.items() if not _of_details(key, sources)},
        [column.name for source in sources for column in source.columns],
    )
    if vain:
        raise BrokenProject(f"--map speaks of a column that no file has: {', '.join(vain)}.")
    _refuse_without_stops(order, sources)
    files = tuple(
        ImportFile(source.looked.part.shown, source.looked.digest, source.kind.title) for source in sources
    )
    attested, body, signed = (
        read_attested(order.attestation, controller, topics, files, now)
        if order.attestation
        else (None, b"", None)
    )
    what = _import(order, topics, sources, files, attested, importer)
    return Prepared(what, tuple(sources), meaning, body, signed)


def _from(behind: int, read: Callable[[int], None]) -> Callable[[int], None]:
    return lambda count: read(behind + count)


def _topics(wanted: Sequence[str], program: Program) -> tuple[str, ...]:
    known = [topic.name for topic in program.topics if topic.purpose == "marketing"]
    shown = ", ".join(f"`{name}`" for name in known) or "none yet"
    if not wanted and len(known) == 1:
        return (known[0],)
    if not wanted:
        raise BrokenProject(f"Say what these people subscribed to, with --topic. There are: {shown}.")
    unknown = next((topic for topic in wanted if topic not in known), None)
    if unknown is not None:
        raise BrokenProject(f"There is no topic `{unknown}` for marketing. There are: {shown}.")
    return tuple(dict.fromkeys(wanted))


def _of_details(key: str, sources: Sequence[Source]) -> bool:
    """Whether a column that somebody speaks of may be one inside of JSON, which only the rows tell."""
    inside = [column.name for source in sources for column in source.columns if column.to == "@details"]
    return any(key.startswith(name.casefold()) for name in inside)


def _once(sources: Sequence[Source]) -> None:
    seen: dict[str, str] = {}
    for source in sources:
        name = source.looked.part.shown
        if source.looked.digest in seen:
            both = dict.fromkeys((seen[source.looked.digest], name))
            raise BrokenProject(f"{' and '.join(both)}: the same file twice, byte for byte. Name it once.")
        seen[source.looked.digest] = name


def _refuse_without_stops(order: Order, sources: Sequence[Source]) -> None:
    """Nobody is brought without those who had left."""
    if not any(source.kind.brings for source in sources):
        return
    told = {stood for source in sources for stood in source.kind.tells}
    lacking = [stood for stood in STOPPED if stood not in told and stood not in order.none]
    if not lacking:
        return
    ways: dict[str, list[Stood]] = {}
    for stood in lacking:
        ways.setdefault(PRODUCTS[order.product].missing[stood], []).append(stood)
    lines = [f"No file says {in_words(lacking)}, and without that nobody is imported."]
    lines += [f"  {stands[0].value if len(ways) > 1 else 'How'}: {way}" for way, stands in ways.items()]
    options = " ".join(f"--none {stood.value}" for stood in lacking)
    lines.append(
        f"  If there are none at all in the other system, say so, and it is kept with your name: {options}"
    )
    raise BrokenProject("\n".join(lines))


def _import(
    order: Order,
    topics: tuple[str, ...],
    sources: Sequence[Source],
    files: tuple[ImportFile, ...],
    attested: Attested | None,
    importer: str,
) -> Import:
    # The same files, read in the same way, are the same import, whoever does it and however they are called.
    same = [
        order.product,
        sorted((file.digest, file.holds) for file in files),
        [(column.name, column.to) for source in sources for column in source.columns],
        [(source.looked.encoding) for source in sources],
        topics,
        attested.digest if attested is not None else "",
    ]
    id_ = hashlib.sha256(msgspec.json.encode(same)).hexdigest()[:12]
    none = tuple(stood.value for stood in order.none)
    tells = {stood for source in sources for stood in source.kind.tells}
    told = tuple(stood.value for stood in STOPPED if stood in tells)
    return Import(id_, order.product, files, topics, importer, none, attested, told)
