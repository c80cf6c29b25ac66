"""Docstrings of public functions say what they take, return and raise, and are not out of date."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sources import sources

import oracle
import scyc

SECTIONS = ("Args", "Attributes", "Example", "Returns", "Yields", "Raises")
NOTHING = ("None", "NoReturn", "Never")
# Decorators of functions that are described elsewhere: as help, or in the API's description.
OTHERWISE = re.compile(
    r"property|override|overload|validator|serializer|setter|command|group|router\.|app\."
)
ELSEWHERE = re.compile(r"\b([Aa]s|[Ss]ee|those\s+of)\s+:(meth|func|class):")

REFERENCE = re.compile(r":(?:func|meth|class|data|mod):`~?((?:oracle|scyc)\.[\w.]+)`")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Public:
    """A function or method that may be called from elsewhere, and where it stands."""

    where: str
    node: Function

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def parameters(self) -> list[str]:
        """The names in the order of the signature, without self."""
        args = self.node.args
        named = [*args.posonlyargs, *args.args, *([args.vararg] if args.vararg else [])]
        named += [*args.kwonlyargs, *([args.kwarg] if args.kwarg else [])]
        return [each.arg for each in named if each.arg not in ("self", "cls")]

    @property
    def returns(self) -> bool:
        annotation = self.node.returns
        return annotation is not None and ast.unparse(annotation) not in NOTHING

    def section(self, name: str) -> str:
        """The text of a section, "" where there is none."""
        others = "|".join(SECTIONS)
        if not name:
            return ""
        match = re.search(rf"(?ms)^{name}:\n(.*?)(?=^(?:{others}):\n|\Z)", self.docstring)
        return match[1] if match else ""

    def named(self, section: str) -> list[str]:
        """What stands before the colons of a section: names of parameters or of errors."""
        lines = re.findall(r"(?m)^    (?! )([*\w., ]+?):", self.section(section))
        return [name.strip(" *") for line in lines for name in line.split(",")]


TEXTS = {each.name: each.text for each in sources()}
MODULES = {each.name: each.tree for each in sources()}


def members(module: str, node: ast.stmt) -> Iterator[Public]:
    """A function itself, or the public methods of a class."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        yield Public(f"{module}.{node.name}", node)
    elif isinstance(node, ast.ClassDef):
        for each in node.body:
            if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                yield Public(f"{module}.{node.name}.{each.name}", each)


def described(function: Public) -> bool:
    """Whether its docstring has to say it all: it inherits none and no decorator has another."""
    decorators = " ".join(map(ast.unparse, function.node.decorator_list))
    return (
        not function.node.name.startswith("_")
        and function.docstring != ""
        and not OTHERWISE.search(decorators)
    )


EVERY = [
    function
    for name, tree in MODULES.items()
    for node in tree.body
    if not getattr(node, "name", "_").startswith("_")
    for function in members(name, node)
    if described(function)
]


def offered(package: object) -> Iterator[Public]:
    """The functions and methods of what a package offers, those of base classes among them."""
    classes = {
        node.name: (name, node)
        for name, tree in MODULES.items()
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    prefix = "scyc." if package is scyc else ""
    for name, home in package._HOMES.items():  # type: ignore[attr-defined]
        module = f"{prefix}{home}"
        nodes = [each for each in MODULES[module].body if getattr(each, "name", None) == name]
        waiting = [(module, node) for node in nodes]
        while waiting:
            where, node = waiting.pop()
            yield from members(where, node)
            bases = node.bases if isinstance(node, ast.ClassDef) else []
            waiting += [classes[b.id] for b in bases if isinstance(b, ast.Name) and b.id in classes]


API = [each for package in (oracle, scyc) for each in offered(package) if described(each)]


def test_args_sections_have_the_names_of_the_signature_in_its_order() -> None:
    stale = {
        each.where: (each.named("Args"), each.parameters)
        for each in EVERY
        if each.section("Args") and each.named("Args") != each.parameters
    }
    assert len(EVERY) > 1000
    assert stale == {}


@pytest.mark.parametrize("functions", [API, EVERY], ids=["api", "every"])
def test_parameters_and_results_are_described(functions: list[Public]) -> None:
    """Without parameters a first line may say what is returned, but not in the public API."""
    missing = [
        f"{each.where}: {section}"
        for each in functions
        if not ELSEWHERE.search(each.docstring)
        for section, needed in (
            ("Args", bool(each.parameters)),
            ("Returns", each.returns and (functions is API or bool(each.parameters))),
        )
        if needed and not each.section(section) + each.section("Yields" * (section == "Returns"))
    ]
    assert len(functions) > 40
    assert missing == []


def test_errors_that_the_public_api_raises_itself_are_described() -> None:
    missing = [
        f"{each.where}: {error}"
        for each in API
        for error in raised(each.node)
        if error not in each.section("Raises")
    ]
    assert missing == []


def raised(function: Function) -> set[str]:
    """The names of the errors that stand behind a `raise` in a function."""
    calls = [
        node.exc.func
        for node in ast.walk(function)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
    ]
    return {call.id for call in calls if isinstance(call, ast.Name) and call.id[0].isupper()}


def test_first_lines_of_public_functions_are_sentences() -> None:
    unfinished = [each.where for each in EVERY if not each.docstring.split("\n")[0].endswith(".")]
    assert unfinished == []


def test_modules_functions_and_methods_that_docstrings_refer_to_exist() -> None:
    unknown = [
        f"{module}: {name}"
        for module, text in TEXTS.items()
        for name in REFERENCE.findall(text)
        if not exists(name.split("."))
    ]
    assert unknown == []


def exists(parts: list[str]) -> bool:
    """Whether a module, and in it a function, a class, a constant or a method, has this name."""
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        tree = MODULES.get(module) or MODULES.get(f"{module}.__init__")
        if tree is not None:
            return inside(tree, parts[end:])
    return False


def inside(node: ast.Module | ast.ClassDef, parts: list[str]) -> bool:
    """Whether a module or class defines or offers the first of these, and that the others."""
    if not parts:
        return True
    for each in node.body:
        below = [each, *(each.body if isinstance(each, ast.If) else [])]  # of TYPE_CHECKING
        imports = [one for one in below if isinstance(one, ast.ImportFrom)]
        if any(alias.name == parts[0] for one in imports for alias in one.names):
            return True
        if getattr(each, "name", None) == parts[0]:
            return len(parts) == 1 or (isinstance(each, ast.ClassDef) and inside(each, parts[1:]))
        targets = each.targets if isinstance(each, ast.Assign) else [getattr(each, "target", None)]
        if any(getattr(target, "id", None) == parts[0] for target in targets):
            return len(parts) == 1
    return False
