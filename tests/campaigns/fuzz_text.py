"""Mutations of bytes, of lines of text, and of XML."""

from __future__ import annotations

import copy
import gzip
import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np

TOKENS = (
    *("nan", "NaN", "-nan", "inf", "-inf", "Infinity", "1e400", "-1e400", "1e-400", "-0.0", "-0"),
    *("5e-324", "1e308", "0x10", "1_000", "1,5", "1+2j", "true", "None", "null", "", " ", '"', "'"),
    *("9223372036854775808", "9" * 400, "9" * 5000, "-1", "2", "0.5", "1.00001", "١٢", "½", "é漢"),
    *("\0", "\t", "\t\t", "\r", "\v", "\x1c", "\u2028", "\ufeff", "\x1b[2J", "x" * 5000, "#", "# "),
    *("select_t0_e0", "select_t-1_e0", "select_t0_e999999", "assign_i0_j0_m0", "set_t0_e0_e1"),
    *(
        "assign_i0_j1_m" + "9" * 50,
        "=obj=",
        "Columns",
        "Options",
        "objno 0 0",
        "<",
        "<!--",
        "&amp;",
    ),
)


def _any(options: Any, rng: np.random.Generator) -> Any:
    return options[int(rng.integers(len(options)))]


def mutated_bytes(raw: bytes, rng: np.random.Generator, others: tuple[bytes, ...] = ()) -> bytes:
    """Return bytes after one to four mutations that know nothing of what they mean.

    Parameters
    ----------
    raw : bytes
    rng : numpy Generator
    others : tuple of bytes
        Other documents, of which pieces may be put in.
    """
    for _ in range(int(_any((1, 1, 2, 4), rng))):
        raw = _once(raw, rng, others)
    return raw


def _once(raw: bytes, rng: np.random.Generator, others: tuple[bytes, ...]) -> bytes:
    a, b = sorted(int(n) for n in rng.integers(0, len(raw) + 1, 2))
    near = min(len(raw), a + int(rng.integers(1, 9)))
    match int(rng.integers(14)):
        case 0 | 1:
            changed = bytearray(raw)
            for place in rng.integers(0, max(len(raw), 1), 1 + int(rng.integers(4))):
                if changed:
                    changed[int(place)] ^= 1 << int(rng.integers(8))
            return bytes(changed)
        case 2:
            return raw[:a] + raw[near:]
        case 3:
            return raw[:a]
        case 4:
            return raw[:a] + rng.bytes(int(rng.integers(1, 17))) + raw[a:]
        case 5 | 6:
            return raw[:a] + _any(TOKENS, rng).encode() + raw[near:]
        case 7:
            return raw[:a] + raw[a:near] * int(_any((2, 3, 50), rng)) + raw[near:]
        case 8:
            return raw[b:] + raw[a:b] + raw[:a]
        case 9:
            return raw[:a] + _any(others or (raw,), rng)[b:]
        case 10:
            head = _any(
                (b"\xef\xbb\xbf", b"\xff\xfe", b"\0", b" \n", b"\xc3", b"\xed\xa0\x80"), rng
            )
            return head + raw
        case 11:
            return _any((b"", b" ", b"\n", b"\0" * 64, b"{}", b"[]", b"null", b"\x93NUMPY"), rng)
        case 12:
            text = raw.decode("latin-1")
            return _any(
                (raw.replace(b"\n", b"\r\n"), text.encode("utf-16"), gzip.compress(raw)), rng
            )
        case _:
            return raw[:a] + bytes(near - a) + raw[near:]


def mutated_lines(text: str, rng: np.random.Generator, separator: str | None = None) -> str:
    """Return text after one to three mutations of its lines and of the words in them.

    Parameters
    ----------
    text : str
    rng : numpy Generator
    separator : str, optional
        Between words; white space by default.
    """
    lines = text.split("\n")
    for _ in range(int(_any((1, 1, 2, 3), rng))):
        at, other = (int(n) for n in rng.integers(0, len(lines), 2))
        words = lines[at].split(separator)
        match int(rng.integers(10)):
            case 0 | 1 | 2 | 3:
                if words:
                    words[int(rng.integers(len(words)))] = _any(TOKENS, rng)
                lines[at] = (separator or " ").join(words)
            case 4:
                lines.insert(at, lines[other])
            case 5:
                lines[at], lines[other] = lines[other], lines[at]
            case 6:
                del lines[at]
                lines = lines or [""]
            case 7:
                words.insert(int(rng.integers(len(words) + 1)), _any(TOKENS, rng))
                lines[at] = (separator or " ").join(words)
            case 8:
                lines[at] = (separator or " ").join(words[:-1])
            case _:
                lines.insert(at, _any(("", "#", "a,b", _any(TOKENS, rng), lines[at] * 20), rng))
    return "\n".join(lines)


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
DECLARED = f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}<!ENTITY f SYSTEM "file:///etc/hostname">]>'


def mutated_xml(text: str, rng: np.random.Generator) -> str:
    """Return XML after one to three mutations of its elements; still well-formed but for entities.

    Parameters
    ----------
    text : str
    rng : numpy Generator
    """
    root = ElementTree.fromstring(text)
    for _ in range(int(_any((1, 1, 2, 3), rng))):
        every = list(root.iter())
        one, other = _any(every, rng), _any(every, rng)
        match int(rng.integers(10)):
            case 0 | 1 | 2 if one.attrib:
                one.set(_any(sorted(one.attrib), rng), _printable(_any(TOKENS, rng)))
            case 3 if one.attrib:
                del one.attrib[_any(sorted(one.attrib), rng)]
            case 4:
                one.tag = _any(
                    ("variable", "variables", "header", "CPLEXSolution", "{u}v", "x"), rng
                )
            case 5 if len(one):
                one.remove(_any(list(one), rng))
            case 6:
                one.append(copy.deepcopy(other))
            case 7:
                for _ in range(int(_any((1, 5, 400), rng))):
                    one = ElementTree.SubElement(one, "variables")
            case 8:
                one.text = _printable(_any(TOKENS, rng))
            case _:
                rng.shuffle(order := list(range(len(one))))
                one[:] = [one[place] for place in order]
    found = ElementTree.tostring(root, encoding="unicode")
    if rng.random() < 0.05:
        return DECLARED + found.replace('value="1"', f'value="&{_any(("l8", "f", "l0"), rng)};"', 1)
    return found


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign >= " ")
