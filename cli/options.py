"""Options that several verbs have: the store, who writes and when, the version, which edges, the form of the answer."""

from __future__ import annotations

import functools
import math
import os
import re
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_args

import click

from ..engine.choices import Intensity, RankBy
from ..engine.errors import Conflict, FormatError, InputError, NotFound
from ..storage.files.access import Sharing
from . import nouns, output
from .answers.answer import EVERY_FORM, Note, caution
from .answers.emit import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..engine.network.pairs.edge_rule import EdgeRule
    from ..storage.history.versions import Version
    from ..storage.repository import Repository
    from .answers.answer import Answer

Command = TypeVar("Command", bound=Callable[..., Any])

STORE_VARIABLE = "GRN_STORE"
AUTHOR_VARIABLE = "GRN_AUTHOR"
CACHE_VARIABLE = "GRN_CACHE_LIMIT"
EPOCH_VARIABLE = "SOURCE_DATE_EPOCH"
COMPLETION_VARIABLE = "_GRN_COMPLETE"
"""Set by a shell that completes a command line, to `bash_complete`, `zsh_complete` or `fish_complete`."""

LONGEST_AUTHOR = 200

ELSEWHERE = re.compile(r"[a-z]+:/|[^/]+@[^/]+:")
"""How an address begins that is not a path: https://…, user@host:…"""


STORE = click.Path(readable=False)
OTHER_STORE = click.Path(readable=False, path_type=Path)
"""The path of a store; whether it may be read is the store's to say."""


class _Intensity(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A shrinkage intensity: how it is chosen, or a number."""

    name = "intensity"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | float:
        if value in get_args(Intensity):
            return str(value)
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 <= number <= 1:
            self.fail(f"{value!r} is neither {' nor '.join(get_args(Intensity))} nor a number from 0 to 1.", param, ctx)
        return number


INTENSITY = _Intensity()


class _Components(click.ParamType):  # pyright: ignore[reportMissingTypeArgument]
    """A number of principal components, or how it is chosen."""

    name = "components"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | int:
        if value == "auto":
            return str(value)
        try:
            number = int(value)
        except ValueError:
            number = -1
        if number < 0:
            self.fail(f"{value!r} is neither auto nor a whole number from 0.", param, ctx)
        return number


COMPONENTS = _Components()


def repository(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the open repository as its first argument, and the option `--store`."""

    @store
    @functools.wraps(command)
    def wrapped(path: Path, **arguments: Any) -> Any:
        return command(_open(path), **arguments)

    return wrapped


def repository_if_needed(is_needed: Callable[..., bool]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return what `repository` is, but None where no store is named, none is found or opens, and none is needed."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        @named_store
        @click.pass_context
        @functools.wraps(command)
        def wrapped(ctx: click.Context, **arguments: Any) -> Any:
            named, repo = invocation(ctx).get("store"), None
            try:
                repo = _open(find_store(named))
            except (NotFound, Conflict, FormatError, OSError):
                if named is not None or os.environ.get(STORE_VARIABLE) or is_needed(**arguments):
                    raise
            return command(repo, **arguments)

        return wrapped

    return add


def writing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that writes the open repository as its first argument, and the options `--store` and `--wait`."""

    @click.option(
        "--wait",
        type=click.FloatRange(min=0),
        callback=check_finite,
        metavar="SECONDS",
        help="How long to wait while others write; 10 by default.",
    )
    @store
    @functools.wraps(command)
    def wrapped(path: Path, wait: float | None, **arguments: Any) -> Any:
        return command(_open(path, wait), **arguments)

    return wrapped


def check_finite(ctx: click.Context, parameter: click.Parameter, value: float | None) -> float | None:
    """Return the value of an option, unless it is none on which a range of click could have an opinion: nan, say."""
    del ctx
    if value is not None and not math.isfinite(value):
        option = parameter.opts[0]
        raise InputError(f"{option} {value:g} is not a finite number.", hint=f"Give a number, such as {option} 1.")
    return value


def store(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the path of the store as its first argument, and the option `--store`."""

    @named_store
    @click.pass_context
    @functools.wraps(command)
    def wrapped(ctx: click.Context, **arguments: Any) -> Any:
        return command(find_store(invocation(ctx).get("store")), **arguments)

    return wrapped


def named_store(command: Command) -> Command:
    """Add `--store` alone, for whatever runs: the last one counts, before, between or behind verbs."""

    def keep(ctx: click.Context, parameter: click.Parameter, path: str | None) -> None:
        del parameter
        if path is not None:
            invocation(ctx)["store"] = path

    help_ = "The store; by default $GRN_STORE, or the only *.grn in this folder or one above."
    return click.option("-s", "--store", type=STORE, metavar="STORE", expose_value=False, callback=keep, help=help_)(
        command
    )


def _open(path: Path, wait: float | None = None) -> Repository:
    from ..storage.repository import Repository
    from ..storage.session import WAIT

    seconds = WAIT if wait is None else wait

    def on_wait() -> None:
        if sys.stderr.isatty():
            output.note(f"Others are writing to {path}; waiting up to {seconds:g} s for them.")

    repo = Repository(path, author=author(), time=clock(), wait=seconds, on_wait=on_wait, cache_limit=cache_limit())
    if repo.damage:
        number, why = next(iter(repo.damage.items()))
        text = f"Entry {number} of the log cannot be read: {why} `grn verify` shows what it affects."
        output.note(output.warning(text))
    return repo


def invocation(ctx: click.Context) -> dict[str, Any]:
    """Return what holds for the whole command line: `store`, `verbose`, `colour`, and `command` with those above it."""
    return cast("dict[str, Any]", ctx.ensure_object(dict))


def colour_of_environment() -> bool | None:
    """Return whether text is coloured: `None` is on a terminal alone."""
    return False if os.environ.get("NO_COLOR") else None


def color(*, hidden: bool) -> Callable[[Command], Command]:
    """Return what adds `--color` to a command; the last one counts, before or after the verb."""

    def keep(ctx: click.Context, parameter: click.Parameter, when: str | None) -> None:
        del parameter
        if when is not None:
            colour = colour_of_environment() if when == "auto" else when == "always"
            invocation(ctx)["colour"] = colour
            context: click.Context | None = ctx
            while context is not None:
                context.color, context = colour, context.parent

    help_ = "Whether text is coloured; auto: on a terminal, unless $NO_COLOR is set.  [auto]"
    choices = click.Choice(["always", "auto", "never"])
    return click.option(
        "--color", type=choices, expose_value=False, is_eager=True, callback=keep, help=help_, hidden=hidden
    )


def verbose(*, hidden: bool) -> Callable[[Command], Command]:
    """Return what adds `-v/--verbose` to a command; before and after the verb they add up."""

    def count(ctx: click.Context, parameter: click.Parameter, times: int) -> None:
        del parameter
        invocation(ctx)["verbose"] = invocation(ctx).get("verbose", 0) + times

    help_ = "Twice, -vv: print a traceback with an error."
    return click.option(
        "-v", "--verbose", count=True, expose_value=False, is_eager=True, callback=count, help=help_, hidden=hidden
    )


def find_store(path: str | None) -> Path:
    """Return this path, or the one that the environment names, or that of the one `*.grn` here or in a folder above.

    Raises
    ------
    NotFound
        There is none.
    Conflict
        There is more than one.
    """
    if path is not None and not path:
        raise InputError("-s is empty: it must name a store.", hint="Is a variable of your script not set?")
    if path or os.environ.get(STORE_VARIABLE):
        return Path(path or os.environ[STORE_VARIABLE])
    here = Path.cwd()
    for folder in (here, *here.parents):
        stores = sorted(store for store in folder.glob("*.grn") if _is_store(store))
        if len(stores) > 1:
            names = ", ".join(store.name for store in stores)
            raise Conflict(f"There is more than one store in {folder}: {names}.", hint="Name one with -s STORE.")
        if stores:
            return stores[0]
    raise NotFound(f"There is no store in {here} or above.", hint="`grn init` makes one; -s STORE names one elsewhere.")


def _is_store(path: Path) -> bool:
    """Return whether a folder is a store, or may be one that this account may not look into."""
    try:
        return stat.S_ISREG((path / "FORMAT").stat().st_mode)
    except PermissionError:
        return True
    except OSError:
        return False


def other_store(path: Path, *, hint: str = "Name a store, or a file that `grn export` wrote.") -> Path:
    """Return the path of another store, or of a file that one was exported to.

    Parameters
    ----------
    path : Path
        What the user named.
    hint : str
        What to do where nothing stands there.

    Raises
    ------
    NotFound
        Nothing stands there.
    InputError
        It is something else.
    """
    from ..storage.files.hdf5 import is_hdf5
    from ..storage.files.layout import FORMAT_FILE, LOG
    from ..storage.files.locations import mode_of

    if ELSEWHERE.match(str(path)) and not path.exists():
        raise InputError(
            f"{path} is not a path: another store is a folder or a file on this machine.",
            hint="Mount the disk, or copy FILE.h5, made by `grn export FILE.h5` there.",
        )
    if (mode := mode_of(path)) is None:
        raise NotFound(f"There is no store {path}.", hint=hint)
    if stat.S_ISDIR(mode):
        if mode_of(path / FORMAT_FILE) is None and mode_of(path / LOG) is None:
            raise InputError(f"{path} is a folder, but not a store.", hint="A store is a folder that `grn init` made.")
    elif not (stat.S_ISREG(mode) and is_hdf5(path)):
        raise InputError(f"{path} is not a store, nor a file that `grn export` wrote.")
    return path


def author() -> str | None:
    """Return who writes, where the environment says so.

    Raises
    ------
    InputError
        It is no name: too long, or with a character that cannot be printed.
    """
    name = os.environ.get(AUTHOR_VARIABLE) or None
    if name and not (len(name) <= LONGEST_AUTHOR and name.isprintable()):
        hint = "Write it on one line, such as 'Ada Lovelace'."
        raise InputError(f"${AUTHOR_VARIABLE} is not a name: {name[:60]!r}.", hint=hint)
    return name


def cache_limit() -> int:
    """Return how many bytes of numbers the cache of a store may hold, where the environment says so.

    Raises
    ------
    InputError
        It is no size.
    """
    from ..storage.session import CACHE_LIMIT

    text = os.environ.get(CACHE_VARIABLE) or str(CACHE_LIMIT)
    size = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, flags=re.IGNORECASE | re.ASCII)
    if size is None:
        hint = f"Set {CACHE_VARIABLE} to a size, such as 4G, 500M or 0, or unset it."
        raise InputError(f"${CACHE_VARIABLE} is {text[:40]!r}, which is no size.", hint=hint)
    return int(float(size[1]) * 1024 ** " KMGT".index(size[2].upper() or " "))


def clock() -> datetime | None:
    """Return the time that the environment fixes for reproducible pipelines, if it does.

    Raises
    ------
    InputError
        It is not a number of seconds.
    """
    text = os.environ.get(EPOCH_VARIABLE)
    if not text:
        return None
    digits = text.removeprefix("-")
    try:
        return datetime.fromtimestamp(int(text if digits.isascii() and digits.isdigit() else ""), UTC)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"${EPOCH_VARIABLE} is {text[:40]!r}, which is not a number of seconds from 1970 to the year 9999.",
            hint=f"Set it with {EPOCH_VARIABLE}=$(date +%s), or unset it.",
        ) from None


def forms(command: Callable[..., Answer]) -> Callable[..., int]:
    """Print the answer that a command returns, in the form that the options `--json` and `--tsv` name."""

    @click.option("--json", "as_json", is_flag=True, help="Print JSON, schema 1.")
    @click.option("--tsv", "as_tsv", is_flag=True, help="Print rows, tab-separated, numbers in full.")
    @click.option(
        "--safe-cells", is_flag=True, help="With --tsv: put ' before text that a spreadsheet would run as a formula."
    )
    @functools.wraps(command)
    def wrapped(*positional: Any, as_json: bool, as_tsv: bool, safe_cells: bool, **arguments: Any) -> int:
        if as_json and as_tsv:
            raise click.UsageError("An answer is printed as --json or as --tsv, not as both.")
        if safe_cells and not as_tsv:
            raise click.UsageError("--safe-cells goes with --tsv: only rows are opened in a spreadsheet.")
        form = "json" if as_json else "tsv" if as_tsv else "text"
        return emit(command(*positional, **arguments), form, safe_cells=safe_cells)

    return wrapped


at = click.option("--at", type=nouns.REV, default="HEAD", show_default=True, metavar="REV", help="The version.")
"""The option that names a version."""

message = click.option("-m", "--message", default="", metavar="TEXT", help="Message for the log.")
"""The option that says what a new version is."""


shared = click.option(
    "--shared",
    type=click.Choice(get_args(Sharing)),
    help="Who may use the store, whatever the umask of whoever writes: no (as the umask says), group (the group of its "
    "folder), or all (others may read, too).  [group where the folder that holds it is writable for its group and has "
    "the setgid bit, else no]",
)
"""The option that says who may use a new store."""


def edge_rules(command: Command) -> Command:
    """Add `--threshold` and `--top`."""
    command = click.option("--threshold", type=float, metavar="RHO", help="Edges have |ρ| of at least this.")(command)
    return click.option("--top", type=int, metavar="N", help="Edges are the N strongest pairs.")(command)


def rank_by(command: Command) -> Command:
    """Add `--rank-by`."""
    return click.option(
        "--rank-by",
        type=click.Choice(get_args(RankBy)),
        help="The order: a score in which components of pure noise weigh little, ρ itself, or clr: either against what "
        "the two genes have with all others.  [score; rho with --threshold, or where the base knows no λ or samples]",
    )(command)


def names_in(text: str | None) -> tuple[str, ...]:
    """Return two names or more that stand between commas; none where the option is not given.

    Raises
    ------
    InputError
        There are fewer.
    """
    if text is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if len(names) < 2:
        raise InputError(f"A pair needs two genes, and {text!r} names {len(names)}.", hint="Such as --genes TP53,MDM2.")
    return names


def read_names(text: str) -> Sequence[str]:
    """Return the genes that are listed with commas, or in a file after an @.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        None is named, or the file is no list of names.
    """
    if text.startswith("@"):
        from ..formats.traits.id_lists import read_ids

        names = read_ids(Path(text[1:]))
    else:
        names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise InputError(f"No gene is named in --genes {text!r}.", hint="Write --genes TP53,MDM2, or @FILE.")
    return names


def edge_rule(threshold: float | None, top: int | None, default: int) -> EdgeRule:
    """Return the rule that `--threshold` or `--top` names; without either, as many edges as the default."""
    from ..engine.network.pairs.edge_rule import EdgeRule

    return EdgeRule.of(threshold, top, default)


def check_pair(gene_a: str, gene_b: str | None) -> None:
    """Refuse a gene with itself: an edge joins two.

    Raises
    ------
    InputError
        Both are one gene.
    """
    if gene_a == gene_b:
        raise InputError(f"An edge joins two genes, and {gene_a} was named twice.", hint="Name another partner.")


def versions(default: str | None = None) -> Callable[[Command], Command]:
    """Return the decorator for two versions, A..B or, as git takes them too, A and B; without a default one must."""
    return click.argument(
        "range_",
        type=nouns.RANGE,
        nargs=-1,
        required=default is None,
        metavar="A..B" if default is None else "[A..B]",
        callback=functools.partial(_range_of, default),
    )


def _range_of(default: str | None, _ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]) -> str:
    """Return what was typed as one range, or the default where nothing was."""
    most = 1 if any(".." in word for word in words[:2]) else 2
    if words[most:]:
        raise click.UsageError(f"Got unexpected extra argument ({words[most]})")
    return "..".join(words) or str(default)


def pair_of_versions(repo: Repository, text: str) -> tuple[str, str]:
    """Return both sides of a range as REVs; a single REV is compared with HEAD."""
    if ".." in text:
        before, after = repo.split_range(text)
        return before.name, after.name
    return repo.version(text).name, repo.version().name


def line_of_versions(repo: Repository, text: str) -> tuple[list[Version], list[Note]]:
    """Return the versions from one side of a range to the other, oldest first, and a note where they begin later."""
    first, last = repo.split_range(text) if ".." in text else (repo.version("v0"), repo.version(text))
    from ..analysis.trace import versions_between

    versions, notes = versions_between(repo, first, last), list[Note]()
    if versions[0].number != first.number:
        text = f"{first.name} is not a first-parent ancestor of {last.name}: the trace begins at {versions[0].name}."
        notes.append(caution(text, EVERY_FORM))
    return versions, notes
