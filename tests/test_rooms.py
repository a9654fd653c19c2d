"""The rooms, read from the imports of every module: never upward, never in a circle, no two wings both ways."""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("engine", "formats", "storage", "analysis", "views", "cli")
"""From the ground up: each may import itself and those before it."""
MOST_FILES = 15
"""As many modules as stand at one level of a room or wing, `__init__.py` not counted."""

ENGINE_STANDS_ON = {"numpy", "scipy", "numba", "threadpoolctl"}
ENGINE_MAY_ASK = {
    "__future__", "abc", "ast", "collections", "concurrent", "contextlib", "contextvars", "dataclasses", "difflib",
    "functools", "html", "importlib", "itertools", "math", "operator", "os", "re", "sys", "typing",
    "warnings",
}  # fmt: skip
DOORS = {
    "h5py": {
        "storage/files/hdf5.py",  # the store's own
        "formats/files/hdf5_child.py",  # a process that reads all others
        "formats/graphs/matrices.py",  # AnnData is written into memory: HDF5 crashes where a disk is full
    },
    "pydantic": {"storage/history/records.py"},
}
ONLY_WHERE_IT_CALLS = {
    "sklearn": "engine/nmf/solvers/estimator.py",  # scikit-learn alone asks for tags, in its own words: no dependency
    "pandas": "engine/tabular.py",  # results as a DataFrame, where it is installed
    "bed_reader": "formats/traits/tested_columns.py",  # an extra, for PLINK files
}
OF_AN_EXTRA = {
    "jinja2": "views/page/",
    "matplotlib": "views/plot/",
    "networkx": "analysis/pictures/",
    "starlette": "views/server/",
    "uvicorn": "views/server/",
}
"""Libraries that come with an extra, and the folder that alone imports them: where a command asks for what it has."""


@dataclass(frozen=True)
class Import:
    """One import: the file it stands in, what it brings, and whether only type checkers follow it."""

    file: str
    line: int
    target: str
    typing: bool

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line} imports {self.target}"

    @property
    def top(self) -> str:
        return self.target.split(".")[0]


def module_name(file: Path) -> str:
    """Return `grnledger.engine.panel` for engine/panel.py, `grnledger.engine` for engine/__init__.py."""
    parts = list(file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(["grnledger", *(parts[:-1] if parts[-1] == "__init__" else parts)])


FILES = [ROOT / "__init__.py", *(file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py")))]
MODULES = {module_name(file): file for file in FILES}
TREES = {file: ast.parse(file.read_text(encoding="utf-8")) for file in FILES}


def local(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def room(module: str) -> str:
    """Return the room of `grnledger.engine.network.panel`, or an empty text for the package itself."""
    return ".".join(module.split(".")[1:2])


def imports_of(file: Path) -> list[Import]:
    """Return every import of a file, those within functions and under TYPE_CHECKING too."""
    guarded = {
        id(inner)
        for node in ast.walk(TREES[file])
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    imports: list[Import] = []
    for node in ast.walk(TREES[file]):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            origin = absolute(file, node)
            targets = [inner if (inner := f"{origin}.{alias.name}") in MODULES else origin for alias in node.names]
        else:
            continue
        imports += [Import(local(file), node.lineno, target, id(node) in guarded) for target in dict.fromkeys(targets)]
    return imports


def absolute(file: Path, node: ast.ImportFrom) -> str:
    """Return the full name of the module that a `from … import` reads."""
    if not node.level:
        return node.module or ""
    package = module_name(file).split(".")
    if file.name != "__init__.py":
        package = package[:-1]
    stem = package[: len(package) - node.level + 1]
    return ".".join([*stem, node.module] if node.module else stem)


IMPORTS = {file: imports_of(file) for file in FILES}
ALL_IMPORTS = [imported for imports in IMPORTS.values() for imported in imports]


def test_the_reader_of_imports_sees_late_and_type_checking_ones() -> None:
    api = [imported for imported in IMPORTS[ROOT / "__init__.py"] if imported.typing]
    assert "grnledger.analysis.repository" in {imported.target for imported in api}
    late = {
        imported.target
        for imported in IMPORTS[ROOT / "cli" / "commands" / "questions" / "edges.py"]
        if not imported.typing
    }
    assert "grnledger.analysis.edges.selection" in late
    assert len(FILES) > 70, "the reader has lost files"


def test_rooms_import_themselves_and_those_below() -> None:
    upward = [
        imported.where
        for file, imports in IMPORTS.items()
        for imported in imports
        if (here := room(module_name(file)))
        and imported.top == "grnledger"
        and room(imported.target) not in ROOMS[: ROOMS.index(here) + 1]
    ]
    assert upward == []


def test_inside_the_project_imports_are_relative() -> None:
    spelt_out = [
        f"{local(file)}:{node.lineno}"
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if (isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "grnledger")
        or (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "grnledger" for alias in node.names))
    ]
    assert spelt_out == []


def test_modules_never_import_one_another_in_a_circle() -> None:
    """Late imports count, and those of type checkers: what knows each other's types is one thing."""
    graph = {
        module: {imported.target for imported in IMPORTS[file] if imported.target in MODULES} - {module}
        for module, file in MODULES.items()
    }
    try:
        order = tuple(graphlib.TopologicalSorter(graph).static_order())
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(error.args[1]))
    assert set(order) >= set(MODULES)


@pytest.mark.parametrize(("library", "doors"), DOORS.items())
def test_a_library_with_doors_is_imported_there_alone(library: str, doors: set[str]) -> None:
    assert {imported.file for imported in ALL_IMPORTS if imported.top == library} == doors


def test_only_the_command_line_knows_click() -> None:
    users = {imported.file.split("/")[0] for imported in ALL_IMPORTS if imported.top == "click"}
    assert users == {"cli"}


def test_a_command_imports_none_of_another_section_and_an_answer_has_no_options() -> None:
    between = [
        imported.where
        for imported in ALL_IMPORTS
        if imported.file.startswith("cli/commands/") and imported.target.startswith("grnledger.cli.commands.")
        if imported.target.split(".")[3] != imported.file.split("/")[2]
    ]
    options = [
        f"{local(file)}:{node.lineno}"
        for file, tree in TREES.items()
        if local(file).startswith("cli/answers/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("option", "argument", "command", "Choice", "Path")
    ]
    assert (between, options) == ([], [])


def test_a_choice_of_words_stands_in_one_list() -> None:
    """Words of a type are read from it, and not written out again as the choices of an option."""
    calls = [
        (file, node, node.args[-1])
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("click.Choice", "check_choice")
    ]
    literals = [
        {item.value for item in ast.walk(node.slice) if isinstance(item, ast.Constant)}
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal"
    ]
    repeated = [
        f"{local(file)}:{node.lineno}"
        for file, node, choices in calls
        if isinstance(choices, ast.List | ast.Tuple)
        if {item.value for item in choices.elts if isinstance(item, ast.Constant)} in literals
    ]
    assert len(literals) > 20, "the reader has lost files"
    assert repeated == []


WITHOUT_AN_ANSWER = (
    "cli/answers/emit.py",  # prints the notes of answers
    "cli/options.py",  # of a store as it opens, and of a wait while it lasts
    "cli/commands/examples/",  # write files, and have no other answer
    "cli/commands/simulate/",
)


def test_notes_are_parts_of_answers() -> None:
    printers = [
        f"{local(file)}:{node.lineno}"
        for file, tree in TREES.items()
        if local(file).startswith("cli/") and not local(file).startswith(WITHOUT_AN_ANSWER)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "note" and ast.unparse(node.value) == "output"
    ]
    assert printers == []


RECORDED = "engine/estimation/recorded_notes.py"
"""Its sentences are part of content ids, and stay as they are, with the options that they name."""
COMMAND_WORDS = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*|\bgrn [a-z]")


def documentation(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes that are docstrings, and captions of constants."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.Expr))
    return {id(node.value) for node in statements if isinstance(node.value, ast.Constant)}


def test_only_the_command_line_names_options_and_verbs() -> None:
    named = [
        f"{local(file)}:{node.lineno} {node.value!r}"
        for file, tree in TREES.items()
        if room(module_name(file)) not in ("", "cli") and local(file) != RECORDED
        for texts in [documentation(tree)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts
        if COMMAND_WORDS.search(node.value)
    ]
    assert named == []


def test_only_the_command_line_reads_the_environment() -> None:
    readers = [
        f"{local(file)}:{node.lineno}"
        for file, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "putenv")
        if room(module_name(file)) != "cli"
    ]
    assert readers == []


def test_engine_stands_on_numerical_libraries_and_itself() -> None:
    foreign = [
        imported.where
        for file, imports in IMPORTS.items()
        if room(module_name(file)) == "engine"
        for imported in imports
        if imported.top != "grnledger" and imported.top not in ENGINE_STANDS_ON | ENGINE_MAY_ASK
        if (imported.top, imported.file) not in ONLY_WHERE_IT_CALLS.items()
    ]
    assert foreign == []


def test_engine_asks_the_system_for_its_number_of_cores_and_nothing_else() -> None:
    """No files, clock, environment or printing: arrays in, arrays out."""
    forbidden = {"open", "print", "input", "breakpoint", "exec", "eval"}
    methods = {"open", "read_text", "write_text", "read_bytes", "write_bytes", "tofile", "fromfile", "memmap"}
    numpy_files = {"load", "save", "savez", "savetxt", "loadtxt", "genfromtxt", "fromfile", "memmap"}
    asked: list[str] = []
    for file, tree in TREES.items():
        if room(module_name(file)) != "engine":
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in forbidden:
                asked.append(f"{local(file)}:{node.lineno} calls {node.func.id}")
            if not isinstance(node, ast.Attribute):
                continue
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            asks_system = owner == "os" and node.attr not in ("cpu_count", "sched_getaffinity")
            if asks_system or (owner == "np" and node.attr in numpy_files):
                asked.append(f"{local(file)}:{node.lineno} uses {owner}.{node.attr}")
            elif owner != "np" and node.attr in methods:
                asked.append(f"{local(file)}:{node.lineno} uses .{node.attr}")
    assert asked == []


def wing(module: str) -> str:
    """Return the folder of a module: `grnledger.engine.network` for `grnledger.engine.network.panel`."""
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


def test_no_two_wings_of_a_room_import_each_other() -> None:
    """Wings that stand in one folder, each with all that is below it."""
    arrows: dict[tuple[str, str], str] = {}
    for file, imports in IMPORTS.items():
        here = wing(module_name(file)).split(".")
        for imported in imports:
            there = wing(imported.target).split(".") if imported.target in MODULES else []
            shared = next((n for n, pair in enumerate(zip(here, there, strict=False)) if pair[0] != pair[1]), 0)
            if shared > 1:
                arrows[".".join(here[: shared + 1]), ".".join(there[: shared + 1])] = imported.where
    both_ways = [(where, arrows[b, a]) for (a, b), where in arrows.items() if a < b and (b, a) in arrows]
    assert both_ways == []


def test_no_folder_has_more_modules_than_a_reader_takes_in() -> None:
    folders = Counter(file.parent for file in FILES if file.name != "__init__.py")
    assert {local(folder): count for folder, count in folders.items() if count > MOST_FILES} == {}


def test_no_script_stands_beside_a_module_with_the_name_of_a_library() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for names in project["optional-dependencies"].values() for name in names),
    ]
    named = {name for text in wanted for name in re.findall(r"[a-z_]\w+", text.split(">")[0].replace("-", "_"))}
    libraries = named | set(sys.stdlib_module_names)
    assert {"distributed", "h5py", "tomllib"} <= libraries
    files = [file for folder in ("benchmarks", "docs", "examples", "tests") for file in (ROOT / folder).rglob("*.py")]
    scripts = {file.parent for file in files if "__main__" in file.read_text(encoding="utf-8")}
    assert ROOT / "benchmarks" in scripts
    # The folder of a script is where Python looks first.
    assert [local(file) for file in files if file.parent in scripts and file.stem in libraries] == []


def test_every_library_is_a_dependency_or_comes_with_python() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {name.split(">")[0].split("=")[0].strip() for name in project["dependencies"]}
    called = {
        imported.top
        for imported in ALL_IMPORTS
        if (imported.top, imported.file) not in ONLY_WHERE_IT_CALLS.items()
        if not imported.file.startswith(OF_AN_EXTRA.get(imported.top, "nowhere"))
    }
    used = called - {"grnledger"} - set(sys.stdlib_module_names)
    assert used == declared
