"""824, both ways: what an application decided on each document of a batch.

OTI names a document by our reference (OTI03) and by its batch and place (OTI08, OTI09: our GS06
and ST02 repeated); REF carries the partner's own number; TED and NTE say what was wrong.
Documented: OTI, TED and their codes. Assumed: the partner's number stands in REF*RZ or REF*CM, and
a partner who can begins the text with one of our codes, "period_closed: ..." or
"period_closed/date: ...".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from connectors.errors import RejectionCode
from connectors.exchange.shapes import AckLine, Acknowledgement, LineResult
from connectors.exchange.x12.checking import Part
from connectors.exchange.x12.tokens import Delimiters, Segment, segment
from connectors.exchange.x12.values import KEY, REFERENCE_CHARS, RETURN_NUMBER, Writer, pieces

FUNCTION = "AG"
CODE = "824"
CREDIT_NUMBER = "CM"
# BGN01: a response. TED01: an unlisted reason, the text says it.
_RESPONSE, _UNLISTED = "11", "024"
_MESSAGE_CHARS, _CODE_CHARS = 60, 3
_WORDS = {LineResult.ACCEPTED: "TA", LineResult.REJECTED: "TR", LineResult.HELD: "TH"}
# The second letter of OTI01: accepted (also with error or change), rejected; the rest is held.
_RESULTS = {
    "A": LineResult.ACCEPTED,
    "C": LineResult.ACCEPTED,
    "E": LineResult.ACCEPTED,
    "R": LineResult.REJECTED,
}
_WHOLE = "GB"
_CODES = frozenset(value for name, value in vars(RejectionCode).items() if name.isupper())
_PREFIX = re.compile(r"([a-z_]+)(?:/([a-z_]+))?: (.+)", re.DOTALL)


def body(found: Acknowledgement, number: int, at: datetime) -> tuple[Segment, ...]:
    """The segments between ST and SE."""
    head = segment("BGN", _RESPONSE, str(number), at.strftime("%Y%m%d"), at.strftime("%H%M"), "UT")
    if found.is_accepted is not None and not found.lines:
        word = "GA" if found.is_accepted else "GR"
        return (head, *_document(word, AckLine("", 0, LineResult.HELD, text=found.text), found))
    return (
        head,
        *(one for line in found.lines for one in _document(_WORDS[line.result], line, found)),
    )


def _document(word: str, line: AckLine, found: Acknowledgement) -> list[Segment]:
    writer = Writer(line.key, Delimiters())
    name = line.key or f"{found.batch_number}-{line.line}"
    place = f"{line.line:04d}" if line.line else ""
    batch = str(found.batch_number) if found.batch_number else ""
    told = [
        segment("OTI", word, KEY, name[:REFERENCE_CHARS], "", "", "", "", batch, place),
    ]
    if len(name) > REFERENCE_CHARS:
        told.append(segment("REF", KEY, name[:REFERENCE_CHARS], name[REFERENCE_CHARS:]))
    if line.number or line.erp_id:
        other = line.erp_id if line.erp_id != line.number else ""
        told.append(segment("REF", RETURN_NUMBER, line.number, other))
    why = writer.words(_reason(line), 4000)
    if why:
        first, *rest = pieces(why, _MESSAGE_CHARS)
        told.append(segment("TED", line.code if _is_theirs(line.code) else _UNLISTED, first))
        told.extend(segment("NTE", "", more) for more in rest)
    return told


def _is_theirs(code: str) -> bool:
    """A code of the standard's own form, which has its place in TED01."""
    return 0 < len(code) <= _CODE_CHARS


def _reason(line: AckLine) -> str:
    if not line.code or _is_theirs(line.code):
        return line.text or line.code
    return f"{line.code}{'/' + line.field if line.field else ''}: {line.text or 'refused'}"


def read(part: Part) -> tuple[Acknowledgement, ...]:
    """An 824 as verdicts, one acknowledgement for each batch it speaks of (0: not told)."""
    batches: dict[int, list[Part]] = {}
    for loop in part.loops("OTI"):
        told = loop.first("OTI")
        number = told[8] or (told[3] if told[1][0] in _WHOLE and _is_number(told[3]) else "0")
        batches.setdefault(int(number), []).append(loop)
    return tuple(_acknowledgement(number, loops) for number, loops in batches.items())


def _acknowledgement(number: int, loops: Sequence[Part]) -> Acknowledgement:
    whole = [loop for loop in loops if loop.first("OTI")[1][0] in _WHOLE]
    lines = tuple(_line(loop) for loop in loops if loop not in whole)
    verdicts = {_result(loop) for loop in whole}
    is_accepted = None
    if len(verdicts) == 1 and LineResult.HELD not in verdicts:
        is_accepted = LineResult.ACCEPTED in verdicts
    return Acknowledgement(
        batch_number=number,
        is_syntax_only=False,
        is_accepted=is_accepted,
        text=" ".join(text for loop in whole if (text := _said(loop)[2])),
        lines=lines,
    )


def _line(loop: Part) -> AckLine:
    told = loop.first("OTI")
    place = told[9]
    code, field, text = _said(loop)
    number, erp_id = _numbers(loop)
    return AckLine(
        key=_key(loop),
        line=int(place) if _is_number(place) else 0,
        result=_result(loop),
        code=code,
        text=text,
        erp_id=erp_id,
        number=number,
        field=field,
    )


def _result(loop: Part) -> LineResult:
    return _RESULTS.get(loop.first("OTI")[1][1:], LineResult.HELD)


def _key(loop: Part) -> str:
    """Our key; "" where it was too long for OTI03 and nothing carries the rest: then batch and
    place tell the document."""
    name = loop.first("OTI")[3]
    for one in loop.all("REF"):
        if one[1] == KEY and one[2] == name:
            return name + one[3]
    batch, place = loop.first("OTI")[8], loop.first("OTI")[9]
    is_cut = len(name) == REFERENCE_CHARS and place
    is_place = _is_number(place) and name == f"{batch}-{int(place)}"
    return "" if is_cut or is_place else name


def _numbers(loop: Part) -> tuple[str, str]:
    for one in loop.all("REF"):
        if one[1] in (RETURN_NUMBER, CREDIT_NUMBER):
            return one[2], one[3] or one[2]
    return "", ""


def _said(loop: Part) -> tuple[str, str, str]:
    """Code, field and text of what was wrong; the partner's own code where the text has none of
    ours."""
    errors = loop.loops("TED")
    if not errors:
        return "", "", ""
    texts = [
        " ".join((one.first("TED")[2], *(note[2] for note in one.all("NTE")))).strip()
        for one in errors
    ]
    found = _PREFIX.fullmatch(texts[0])
    if found and found[1] in _CODES:
        return found[1], found[2] or "", " ".join((found[3], *texts[1:]))
    return errors[0].first("TED")[1], "", " ".join(filter(None, texts))


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
