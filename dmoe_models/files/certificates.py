"""Certificate files: JSON, read and written; `dmoe_models.referee.certificate` judges them.

The format is specified in ``instances/FORMAT.md``.
"""

from __future__ import annotations

import json
from typing import Any

from dmoe_models.errors import FileError
from dmoe_models.files.documents import (
    LARGEST_BYTES,
    VERSION,
    as_whole,
    checked_content,
    read_document,
    require_named_instance,
)
from dmoe_models.files.paths import Path, by_extension, existing, naming, replacement
from dmoe_models.input_checks import quote, real_number
from dmoe_models.referee.certificate import Certificate

CERTIFICATE_FORMAT = "dmoe-certificate"

_HEADER = ("instance", "instance_sha256", "problem", "bound_j")
_PROOF = {"P1": ("tokens",), "P2": ("depth", "tree")}


def read_certificate(path: Path) -> Certificate:
    """Read a certificate from a ``.json`` file; whether it proves its claim is not looked at.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    Certificate

    Raises
    ------
    FileError
        One line that names the file and what is wrong in it.
    """
    with naming(path):
        by_extension(path, {".json": read_document})
        document = read_document(existing(path))
        problem = document.get("problem")
        if document.get("format") == CERTIFICATE_FORMAT and str(problem) not in _PROOF:
            raise FileError(f"problem = {quote(problem)} is not P1 or P2")
        keys = (*_HEADER, *_PROOF.get(str(problem), ()))
        content = checked_content(document, CERTIFICATE_FORMAT, keys, keys)
        bound = content["bound_j"]
        bound = None if bound is None else real_number("bound_j", bound)
        require_named_instance(content)
        return Certificate(
            problem=content["problem"],
            bound_j=bound,
            proof={name: as_whole(content[name], 5) for name in _PROOF[content["problem"]]},
            instance=content["instance"],
            instance_sha256=content["instance_sha256"],
        )


def write_certificate(certificate: Certificate, path: Path) -> None:
    """Write a certificate to a ``.json`` file, replacing one that is there.

    Every token's proof (P1) or node of the tree (P2) is a line of its own.

    Parameters
    ----------
    certificate : Certificate
    path : str or path

    Raises
    ------
    FileError
        Where the file cannot be written or would be too large to be read, naming it.
    """
    content = {"format": CERTIFICATE_FORMAT, "version": VERSION}
    content |= {name: getattr(certificate, name) for name in _HEADER}
    lines = []
    for name, value in (content | dict(certificate.proof)).items():
        text = _dumped(value)
        if isinstance(value, list):
            text = "[\n    " + ",\n    ".join(map(_dumped, value)) + "\n  ]"
        lines.append(f"  {json.dumps(name)}: {text}")
    raw = ("{\n" + ",\n".join(lines) + "\n}\n").encode("utf-8")
    with naming(path):
        by_extension(path, {".json": write_certificate})
        if len(raw) > LARGEST_BYTES:
            raise FileError(
                f"a certificate of {len(raw)} bytes; at most {LARGEST_BYTES} can be read again"
            )
        with replacement(path) as temporary:
            temporary.write_bytes(raw)


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
