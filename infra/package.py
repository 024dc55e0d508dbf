"""Builds what is uploaded: one zip for every function, one layer for the media functions.

The zip is what `chalice package` builds (chalice's own packager, for the runtime of
`functions.RUNTIME` whatever Python runs this), plus `lambdas/`. PyAV, Pillow and pi-heif go into
the layer; PyAV's wheel bundles GPL codecs, so the layer is built at deployment and never published.
"""

import hashlib
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

from chalice.deploy import packager
from chalice.utils import UI, OSUtils

from infra import wheels
from infra.functions import RUNTIME
from infra.problem import Problem

ROOT = Path(__file__).parent.parent
BUILD = ROOT / "build"
CODE = BUILD / "puente.zip"
LAYER = BUILD / "media-layer.zip"
IN_LAYER = ("av", "pillow", "pi-heif")
NOT_PACKAGED = ("chalice",)  # the packager adds chalice's runtime itself
EPOCH = (1980, 1, 1, 0, 0, 0)  # zip's earliest date: equal content gives equal bytes
UNZIPPED_LIMIT = 250 * 1024 * 1024  # Lambda quotas: code and layers together


class PackageProblem(Problem):
    """Nothing that could be deployed came out; the message says why."""


def build() -> tuple[Path, Path]:
    """Zip and layer, built again only when something changed. Raises PackageProblem."""
    wanted = fingerprint()
    stamp = BUILD / "package.stamp"
    if CODE.exists() and LAYER.exists() and stamp.exists() and stamp.read_text() == wanted:
        return CODE, LAYER
    BUILD.mkdir(exist_ok=True)
    _code()
    _layer()
    total = sum(unzipped(zip_file) for zip_file in (CODE, LAYER))
    if total > UNZIPPED_LIMIT:
        raise PackageProblem(f"{total >> 20} MB unzipped; Lambda takes {UNZIPPED_LIMIT >> 20} MB")
    stamp.write_text(wanted)
    return CODE, LAYER


def fingerprint() -> str:
    """A hash of everything that goes into the package."""
    sha = hashlib.sha256(RUNTIME.encode())
    for path in _sources():
        sha.update(str(path.relative_to(ROOT)).encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def unzipped(zip_file: Path) -> int:
    """Bytes after unzipping, which is what Lambda's limit counts."""
    with zipfile.ZipFile(zip_file) as content:
        return sum(entry.file_size for entry in content.infolist())


def requirements() -> tuple[list[str], list[str]]:
    """Lines of requirements.txt for the zip and for the layer."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    layer = [pin for pin in pins if _name(pin) in IN_LAYER]
    code = [pin for pin in pins if _name(pin) not in (*IN_LAYER, *NOT_PACKAGED)]
    return code, [pin for pin in layer if wheels.wanted_in_lambda(pin)]


def _name(pin: str) -> str:
    return pin.partition("=")[0].partition("[")[0].strip().lower()


def _sources() -> list[Path]:
    ours = [Path(__file__), Path(wheels.__file__)]
    files = [ROOT / "app.py", ROOT / "requirements.txt", *ours]
    for folder in ("chalicelib", "lambdas"):
        files += [
            p for p in (ROOT / folder).rglob("*") if p.is_file() and "__pycache__" not in p.parts
        ]
    return sorted(files)


def _code() -> None:
    project = BUILD / "project"
    shutil.rmtree(project, ignore_errors=True)
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "chalicelib", project / "chalicelib", ignore=skip)
    shutil.copytree(ROOT / "lambdas", project / "vendor" / "lambdas", ignore=skip)
    shutil.copy(ROOT / "app.py", project / "app.py")
    (project / "requirements.txt").write_text("\n".join(requirements()[0]) + "\n")
    _same_bytes(_built(project), CODE)
    missing = wheels.lacking(CODE)
    if missing:
        raise PackageProblem(f"pin in requirements.txt what {RUNTIME} needs: {', '.join(missing)}")


def _built(project: Path) -> Path:
    """The zip that `chalice package` makes of a project."""
    told = io.StringIO()
    osutils, ui = OSUtils(), UI(out=told, err=told)
    pip = packager.PipRunner(wheels.Pip(osutils), osutils)
    packages = packager.DependencyBuilder(osutils, pip)
    builder = packager.LambdaDeploymentPackager(osutils, packages, ui)
    try:
        built = builder.create_deployment_package(str(project), RUNTIME)
    except (packager.PackageDownloadError, packager.NoSuchPackageError) as problem:
        raise PackageProblem(f"the zip could not be built: {str(problem)[-800:]}") from problem
    # The packager goes on when a wheel is missing, and only says so.
    if "Could not install" in told.getvalue():
        raise PackageProblem(told.getvalue().strip())
    return Path(built)


def _layer() -> None:
    folder = BUILD / "layer" / "python"
    shutil.rmtree(folder.parent, ignore_errors=True)
    pins = [pin.partition(";")[0].strip() for pin in requirements()[1]]
    command = wheels.install(pins, folder)
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603
    if done.returncode:
        raise PackageProblem(f"the layer could not be built: {done.stderr.strip()[-800:]}")
    with zipfile.ZipFile(LAYER, "w", zipfile.ZIP_DEFLATED) as layer:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            # Commands name the Python that installed them, and RECORD has their hashes.
            if path.parent.name != "bin" and path.name != "RECORD":
                _put(layer, str(path.relative_to(folder.parent)), path.read_bytes())


def _same_bytes(built: Path, target: Path) -> None:
    """Copy a zip without its dates and byte code, so that CDK sees the same asset again."""
    with (
        zipfile.ZipFile(built) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in sorted(set(source.namelist())):
            if "__pycache__" not in name and not name.endswith("/"):
                _put(out, name, source.read(name))


def _put(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16  # readable by Lambda's user
    archive.writestr(entry, content)
