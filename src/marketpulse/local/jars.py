"""The Java libraries of the Kafka broker and of Spark's Kafka connector: an exact list, checked by SHA-256.

`include/jars.lock` names every jar, one a line: set, group:artifact:version, sha256. Ivy, whose jar comes with
pyspark, fetches them with its built-in resolver into a cache that all stacks of this user share.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from marketpulse.errors import OperatorError, RetriableError
from marketpulse.local.java import Java
from marketpulse.resources import include_path

KAFKA, SPARK = "kafka", "spark"
# Ivy fetches one jar after the other and waits most of the time; three at once take a third of the time.
PARALLEL = 3
TELL_EVERY_S = 0.5
# The list is exact, so neither poms nor published checksums are fetched: half the requests.
IVY_SETTINGS = """<ivysettings>
  <property name="ivy.checksums" value=""/>
  <settings defaultResolver="central" defaultConflictManager="all"/>
  <resolvers><ibiblio name="central" m2compatible="true" usepoms="false" useMavenMetadata="false"/></resolvers>
</ivysettings>
"""


@dataclass(frozen=True, slots=True)
class LockedJar:
    """One line of the lock."""

    set_name: str
    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def read_lock(path: Path | None = None) -> tuple[LockedJar, ...]:
    """Every jar of the lock. Raises OperatorError on a line that is none."""
    jars = []
    for line in (path or include_path("jars.lock")).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        try:
            set_name, coordinates, sha256 = line.split()
            group, artifact, version = coordinates.split(":")
        except ValueError:
            raise OperatorError(f"jars.lock has an unreadable line {line!r}: restore the file") from None
        jars.append(LockedJar(set_name, group, artifact, version, sha256))
    return tuple(jars)


def cache_folder() -> Path:
    """Where this user's jars are kept for every stack: `$XDG_CACHE_HOME/marketpulse/jars`."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "marketpulse" / "jars"


def is_intact(jar: LockedJar, folder: Path) -> bool:
    """Whether the folder holds exactly the locked bytes."""
    try:
        return hashlib.sha256((folder / jar.file_name).read_bytes()).hexdigest() == jar.sha256
    except OSError:
        return False


def install_jars(
    java: Java,
    target: Path,
    *,
    cache: Path | None = None,
    lock: Iterable[LockedJar] | None = None,
    environment: Mapping[str, str] | None = None,
    tell: Callable[[int, int], None] = lambda there, wanted: None,
) -> None:
    """Put every locked jar into `target/<set>/`, and remove what is not locked. A second call fetches nothing.

    While it fetches, `tell` gets how many files of how many are there. Raises RetriableError when a jar cannot be had,
    OperatorError when its bytes are not the locked ones or a folder cannot be written.
    """
    cache = cache or cache_folder()
    jars = tuple(lock if lock is not None else read_lock())
    absent = [jar for jar in jars if not is_intact(jar, target / jar.set_name)]
    try:
        _fetch(java, [jar for jar in absent if not is_intact(jar, cache)], cache, environment, tell)
    except OSError as error:
        place = error.filename or cache
        raise OperatorError(
            f"jars cannot be kept: {place} cannot be used ({error.strerror}); set XDG_CACHE_HOME to another folder"
        ) from None
    for jar in absent:
        folder = target / jar.set_name
        folder.mkdir(parents=True, exist_ok=True)
        _place(cache / jar.file_name, folder / jar.file_name)
    wanted = {(jar.set_name, jar.file_name) for jar in jars}
    for present in target.glob("*/*.jar"):
        if (present.parent.name, present.name) not in wanted:
            present.unlink()


def _place(source: Path, destination: Path) -> None:
    destination.unlink(missing_ok=True)
    try:
        destination.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, destination)


def _fetch(
    java: Java,
    jars: list[LockedJar],
    cache: Path,
    environment: Mapping[str, str] | None,
    tell: Callable[[int, int], None],
) -> None:
    # Two sets may lock the same file; it is fetched once.
    distinct = list({jar.file_name: jar for jar in jars}.values())
    if not distinct:
        return
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as name:
        work = Path(name)
        parts = [part for start in range(PARALLEL) if (part := distinct[start::PARALLEL])]
        with ThreadPoolExecutor(PARALLEL) as pool:
            running = [
                pool.submit(_run_ivy, java, part, work / str(number), environment) for number, part in enumerate(parts)
            ]
            while wait(running, timeout=TELL_EVERY_S).not_done:
                tell(sum(1 for _ in work.glob("*/cache/**/*.jar")), len(distinct))
            said = "".join(part.result() for part in running)
        for jar in distinct:
            _accept(jar, work / "out", cache, said)


def _accept(jar: LockedJar, fetched: Path, cache: Path, said: str) -> None:
    if not (fetched / jar.file_name).exists():
        refused = (line.strip() for line in said.splitlines() if jar.artifact in line and "UNRESOLVED" in line)
        name = f"{jar.group}:{jar.artifact}:{jar.version}"
        raise RetriableError(
            f"{name} could not be fetched: check the network and try again {next(refused, '')}".strip()
        )
    if not is_intact(jar, fetched):
        raise OperatorError(
            f"{jar.file_name} is not the file that jars.lock names (its SHA-256 differs): "
            "a proxy or mirror changed it, or the lock is out of date"
        )
    (fetched / jar.file_name).replace(cache / jar.file_name)


def _run_ivy(java: Java, jars: list[LockedJar], work: Path, environment: Mapping[str, str] | None) -> str:
    work.mkdir()
    settings, module = work / "settings.xml", work / "ivy.xml"
    settings.write_text(IVY_SETTINGS, encoding="utf-8")
    module.write_text(_module(jars), encoding="utf-8")
    pattern = f"{work.parent}/out/[artifact]-[revision].[ext]"
    tool = [
        str(java.executable),
        "-XX:TieredStopAtLevel=1",
        f"-Divy.default.ivy.user.dir={work}",
        "-jar",
        str(_ivy_jar()),
    ]
    arguments = ["-settings", str(settings), "-ivy", str(module), "-cache", str(work / "cache"), "-retrieve", pattern]
    outcome = subprocess.run(
        [*tool, *arguments], capture_output=True, text=True, check=False, timeout=600, env=environment
    )
    return outcome.stdout + outcome.stderr


def _module(jars: list[LockedJar]) -> str:
    rows = "".join(
        f"<dependency org={quoteattr(jar.group)} name={quoteattr(jar.artifact)} rev={quoteattr(jar.version)}"
        ' transitive="false"/>'
        for jar in jars
    )
    info = '<info organisation="marketpulse" module="jars"/>'
    return f'<ivy-module version="2.0">{info}<dependencies>{rows}</dependencies></ivy-module>'


def _ivy_jar() -> Path:
    jar = next(iter(sorted((spark_home() / "jars").glob("ivy-*.jar"))), None)
    if jar is None:
        raise OperatorError("pyspark has no Ivy jar: run 'make clean' and 'make up' to install it again")
    return jar


def spark_home() -> Path:
    """The folder of the installed pyspark, which is a whole Spark: bin, jars, python."""
    spec = importlib.util.find_spec("pyspark")
    if spec is None or not spec.submodule_search_locations:
        raise OperatorError("pyspark is not installed: run 'make demo' or 'make up' to install it")
    return Path(spec.submodule_search_locations[0])
