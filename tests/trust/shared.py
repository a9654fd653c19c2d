"""Several accounts on one store: nobody is locked out, nothing is told as damage, and no loss goes unseen.

    python tests/trust/shared.py                         # every verb, two accounts × four umasks, three ways of sharing
    python tests/trust/shared.py --sharing no --verbs commit --plant notes-stay

It must be run as root, who makes the accounts: forked processes that take their numbers, in one group beside a third
account that is in none. The first makes the stores. The second does a verb, each with a umask of its own. The first
commits, and all three put questions to the store. After the verb and after the commit the newest entry of the log is
taken away for a while: whoever could read the store before must then be told.

Where a store is shared, nobody of the group may be refused anything. Where it is not, a refusal must say whose file it
is. With --plant a fault is planted, and the harness must find it.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import io
import itertools
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args
from unittest import mock

import verbs
from aftermath import Finding, Tally, fork, table
from grnledger.engine.threads import one_blas_thread
from grnledger.storage.files import access, durable, hdf5, layout
from grnledger.storage.files.access import Sharing
from grnledger.storage.transfer.sharing import misfits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from aftermath import Report
    from verbs import Verb

LAB = 61_100
"""The number of the group."""

UMASKS = (0o002, 0o022, 0o027, 0o077)
DENIED, DAMAGED = 77, 6
BAD = ("locked out", "false damage", "unclear", "unseen", "wrong mode")
"""What can be bad: a member of the group is refused; a sound store is called damaged; a refusal does not say whose file
it is; an entry of the log is lost and nobody is told; others are kept out by the mode of a file."""

ENDS = ("done", "refused")
"""What may be: the verb was done by the second account; or, where nothing is shared, refused."""

QUESTIONS = (
    ("log",),
    ("show",),
    ("edges", "--top", "3"),
    ("diff", "v0..HEAD", "--top", "3"),
    ("branch",),
    ("tag",),
    ("rev-parse", "HEAD"),
    ("nmf", "list"),
    ("verify",),
)
QUICK = (("log",), ("edges", "--top", "3"), ("verify",))
"""The questions of the short form."""

WORDS_OF_DAMAGE = ("damaged", "good copy", "a backup", "is missing")


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the machine, as the kernel knows it.

    Parameters
    ----------
    name : str
        What it is called here.
    number : int
        Its number, and that of the group of its own.
    groups : tuple of int
        The groups that it is in besides.
    umask : int
        What it takes from the modes of its files.
    """

    name: str
    number: int
    groups: tuple[int, ...]
    umask: int

    def become(self) -> None:
        """Let this process be of the account."""
        os.setgroups(self.groups)
        os.setresgid(self.number, self.number, self.number)
        os.setresuid(self.number, self.number, self.number)
        os.umask(self.umask)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended.

    Parameters
    ----------
    command : str
        Its arguments.
    code : int
        Its exit code.
    text : str
        What it printed, on stdout and stderr.
    """

    command: str
    code: int
    text: str

    def fault(self, *, may_be_refused: bool, harmed: bool) -> str:
        """Return what is bad about it, of `BAD`; an empty text if nothing is.

        Parameters
        ----------
        may_be_refused : bool
            Whether the account may be refused what it asks for.
        harmed : bool
            Whether something derived is damaged, and the account may not be able to make it again.
        """
        if self.code == 0 or (harmed and may_be_refused and self.code == 1):
            return ""
        if self.code == DAMAGED or any(words in self.text for words in WORDS_OF_DAMAGE):
            return "false damage"
        if not may_be_refused:
            return "locked out"
        told = self.code == DENIED and "belongs to" in self.text and "and its mode is" in self.text
        return "" if told else "unclear"


@contextlib.contextmanager
def umask_alone() -> Iterator[None]:
    """Let the umask decide, as it does where nothing is shared."""
    with mock.patch.object(durable, "give_mode", return_value=None):
        yield


@contextlib.contextmanager
def notes_stay() -> Iterator[None]:
    """Leave what is derived to the account that made it."""

    def of_its_maker(name: str) -> AbstractContextManager[object]:
        step = getattr(durable, name)

        def check(path: Path, *arguments: Any, **named: Any) -> Any:
            if path.exists() and path.stat().st_uid != os.geteuid():
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
            return step(path, *arguments, **named)

        return mock.patch.object(durable, name, check)

    with of_its_maker("overwrite"), of_its_maker("append"), of_its_maker("replace"):
        yield


@contextlib.contextmanager
def told_as_damage() -> Iterator[None]:
    """Take what may not be read for damage."""
    with (
        mock.patch.object(hdf5, "OF_THE_FILE", {errno.EACCES, errno.EPERM, errno.EIO}),
        mock.patch.object(access, "refusal", lambda reason, path, **_: OSError(reason, os.strerror(reason), str(path))),
    ):
        yield


PLANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "nothing": contextlib.nullcontext,
    "umask-alone": umask_alone,
    "notes-stay": notes_stay,
    "told-as-damage": told_as_damage,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One verb done by one account on the store of another.

    Parameters
    ----------
    folder : Path
        Where the stores stand.
    verb : Verb
        Which verb.
    sharing : Sharing
        Who may use the store.
    ada, bob, carol : Account
        Who made it; who does the verb; and somebody who is not in their group.
    questions : sequence of tuple of str
        What is asked then.
    plant : str
        A fault, of `PLANTS`.
    """

    folder: Path
    verb: Verb
    sharing: Sharing
    ada: Account
    bob: Account
    carol: Account
    questions: Sequence[tuple[str, ...]]
    plant: str = "nothing"

    @property
    def store(self) -> Path:
        """The store that is looked at afterwards."""
        changed = self.verb.changes
        return self.folder / (changed if changed.endswith(".grn") else verbs.STORE)

    def findings(self) -> Iterator[tuple[str, str]]:
        """Do all of it, and yield what was bad, of `BAD`, or how the verb ended, of `ENDS`; and the details."""
        apart = self.sharing == "no"
        arguments = self.verb.arguments(self.folder)
        if arguments[0] in ("init", "clone"):
            arguments += ["--shared", self.sharing]
        [done] = self._run(self.bob, [arguments])
        harmed = self.verb.name == "repair"
        if fault := done.fault(may_be_refused=apart, harmed=harmed):
            yield fault, self._tell(self.bob, done)
        else:
            yield ENDS[done.code != 0], ""
        if not self.store.is_dir():
            return
        yield from self._loss()
        commit = ["-s", str(self.store), "commit", str(self.folder / "more.gmt"), "--strength", "0.1"]
        for account, first in ((self.ada, [commit]), (self.bob, []), (self.carol, [])):
            may_be_refused = apart or (account is self.carol and self.sharing != "all")
            for ended in self._run(account, [*first, *self._asked()]):
                if fault := ended.fault(may_be_refused=may_be_refused, harmed=harmed):
                    yield fault, self._tell(account, ended)
        yield from self._loss()
        if not apart and (wrong := misfits(self.store)):
            yield "wrong mode", f"{wrong[0].path}: {wrong[0].fault}"

    def _asked(self) -> list[list[str]]:
        return [["-s", str(self.store), *question] for question in self.questions]

    def _loss(self) -> Iterator[tuple[str, str]]:
        """Take the last entry of the log away for a while, and yield who could read the store, and is not told."""
        asked = [["-s", str(self.store), "log", "--all"]]
        able = [account for account in (self.ada, self.bob) if self._run(account, asked)[0].code == 0]
        last = max((self.store / layout.LOG).glob(f"*{layout.FILE_ENDING}"), default=None)
        if last is None:  # all are in packs
            return
        last.rename(away := self.folder / last.name)
        for account in able:
            for ended in self._run(account, [*asked, ["-s", str(self.store), "log"]]):
                if ended.code == 0 and "missing" not in ended.text:
                    yield "unseen", f"{self._tell(account, ended)} although {last.name} is gone"
        away.rename(last)

    def _run(self, account: Account, commands: Sequence[Sequence[str]]) -> list[Ended]:
        """Run commands as an account does, one after another in one process."""

        def act(report: Report) -> None:
            account.become()
            with PLANTS[self.plant]():
                for arguments in commands:
                    report(json.dumps(grn(arguments)).encode() + b"\n")

        code, answer = fork(act).end()
        if code:
            raise SystemExit(f"{account.name} could not be run: {answer.decode()[-2000:]}")
        ends = [json.loads(line) for line in answer.splitlines()]
        return [Ended(" ".join(arguments), *ended) for arguments, ended in zip(commands, ends, strict=True)]

    def _tell(self, account: Account, ended: Ended) -> str:
        return f"{account.name}: grn {ended.command} ended with {ended.code}: {ended.text.strip()[-400:]}"


def grn(arguments: Sequence[str]) -> tuple[int, str]:
    """Return the exit code of a command, done in this process, and what it printed."""
    from grnledger.cli.errors import run
    from grnledger.cli.main import grn

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        code = run(grn, list(arguments), False)
    return code, printed.getvalue()


def warm_up(folder: Path, chosen: Sequence[Verb], questions: Sequence[tuple[str, ...]]) -> None:
    """Load all that commands load: an account may not reach what root has installed."""
    prepared = verbs.build(folder / "warm", size=24, dense=False)
    for verb in chosen:
        verbs.lay_out(prepared, folder / "stores", verb)
        grn(verb.arguments(folder / "stores"))
    commit = ("commit", str(prepared / verbs.SETS), "--strength", "0.1")
    for question in (*questions, ("log", "--all"), commit):
        grn(["-s", str(prepared / verbs.STORE), *question])


def prepare(lab: Path, sharing: Sharing, ada: Account) -> Path:
    """Let the first account make the stores, and return their folder."""
    folder = lab / f"{sharing}-{ada.umask:03o}"

    def act(_: Report) -> None:
        ada.become()
        verbs.build(folder, size=24, dense=False, shared=sharing)
        (folder / "more.gmt").write_text("MORE\t-\tGENE2\tGENE4\tGENE6\n")

    code, answer = fork(act).end()
    if code:
        raise SystemExit(answer.decode())
    folder.chmod(0o2775)  # the stores are what counts
    for path in folder.iterdir():
        if path.is_file():
            path.chmod(0o664)
    return folder


def lay_out(prepared: Path, folder: Path, verb: Verb, ada: Account) -> None:
    """Copy the stores as they are, owners and modes too, in place of what stood in the folder."""
    subprocess.run(["rm", "-rf", str(folder)], check=True)
    subprocess.run(["cp", "-a", str(prepared), str(folder)], check=True)

    def act(_: Report) -> None:
        ada.become()
        verb.prepare(folder)

    code, answer = fork(act).end()
    if code:
        raise SystemExit(answer.decode())


def play(
    lab: Path,
    ways: Sequence[Sharing],
    umasks: Sequence[tuple[int, int]],
    chosen: Sequence[Verb],
    questions: Sequence[tuple[str, ...]],
    plant: str,
) -> dict[Sharing, Tally]:
    """Return what was found, by the way of sharing; with a fault planted, up to the first bad case."""
    tallies: dict[Sharing, Tally] = {}
    for sharing in ways:
        tally = tallies[sharing] = Tally()
        for first, pairs in itertools.groupby(sorted(umasks), key=lambda pair: pair[0]):
            ada = Account("ada", 61_001, (LAB,), first)
            prepared = prepare(lab, sharing, ada)
            for (_, second), verb in itertools.product(list(pairs), chosen):
                if verb.mends and sharing == "no":  # what is lost stays so where the second may not write
                    continue
                bob, carol = Account("bob", 61_002, (LAB,), second), Account("carol", 61_003, (), 0o022)
                lay_out(prepared, lab / "stores", verb, ada)
                case = Case(lab / "stores", verb, sharing, ada, bob, carol, questions, plant)
                for stands, detail in case.findings():
                    name = f"{verb.name}, shared {sharing}, umasks {first:03o} and {second:03o}"
                    tally.add(Finding(stands, detail), name, bad=BAD)
                if plant != "nothing" and tally.bad:
                    return tallies
            print(sharing, f"{first:03o}", *tally.row(*ENDS, *BAD), sep="\t", file=sys.stderr, flush=True)
    return tallies


def main(arguments: list[str] | None = None) -> int:
    """Play all cases, and print a table; returns 1 if anything was bad."""
    names = [verb.name for verb in verbs.VERBS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--verbs", nargs="+", choices=names, default=names, help="[all]")
    parser.add_argument("--sharing", nargs="+", choices=get_args(Sharing), default=get_args(Sharing), help="[all]")
    parser.add_argument("--umasks", nargs="+", type=pair_of_umasks, help="such as 022:077  [all pairs]")
    parser.add_argument("--quick", action="store_true", help="fewer questions")
    parser.add_argument("--plant", choices=PLANTS, default="nothing", help="stop at the first bad case")
    parser.add_argument("--folder", help="where the stores stand while it runs")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        raise SystemExit("This needs root, who can act for several accounts.")
    os.environ.update(verbs.ENVIRONMENT)
    questions = QUICK if options.quick else QUESTIONS
    umasks = options.umasks or list(itertools.product(UMASKS, UMASKS))
    chosen = [verb for verb in verbs.VERBS if verb.name in options.verbs]
    with one_blas_thread(), tempfile.TemporaryDirectory(dir=options.folder) as name:
        Path(name).chmod(0o755)  # the accounts shall reach it
        warm_up(Path(name), chosen, questions)
        (lab := Path(name) / "lab").mkdir()
        os.chown(lab, 0, LAB)
        lab.chmod(0o2775)
        tallies = play(lab, options.sharing, umasks, chosen, questions, options.plant)
    return print_table(tallies, len(umasks), len(chosen))


def pair_of_umasks(text: str) -> tuple[int, int]:
    """Return two umasks of a text such as `022:077`."""
    first, second = text.split(":")
    return int(first, 8), int(second, 8)


def print_table(tallies: dict[Sharing, Tally], umasks: int, chosen: int) -> int:
    """Print the table and what it says, and return 1 if anything was bad."""
    print(table(["shared", *ENDS, *BAD], [[sharing, *tally.row(*ENDS, *BAD)] for sharing, tally in tallies.items()]))
    bad = [case for tally in tallies.values() for case in tally.bad]
    print(f"\n{umasks} pairs of umasks, {chosen} verbs: {len(bad)} bad.")
    print(*bad[:20], sep="\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
