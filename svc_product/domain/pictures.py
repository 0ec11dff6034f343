"""Pictures of products that the mall keeps itself: drawings that cannot do anything, and PNG and JPEG by their first bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from contracts.product import PictureUnknown, UnsafePicture
from mallkit.svg import svg_fault


class Format(StrEnum):
    """The word before the colon of `Sheet.picture`."""

    SVG = "svg"
    PNG = "png"
    JPEG = "jpeg"


MEDIA: Mapping[Format, str] = {Format.SVG: "image/svg+xml", Format.PNG: "image/png", Format.JPEG: "image/jpeg"}
FORMATS = frozenset(form.value for form in Format)
FIRST_BYTES: Mapping[bytes, Format] = {b"\x89PNG\r\n\x1a\n": Format.PNG, b"\xff\xd8\xff": Format.JPEG}


@dataclass(frozen=True, slots=True)
class Picture:
    """What is shown of a product."""

    format: Format
    content: bytes

    @property
    def name(self) -> str:
        """For `Sheet.picture`: the format and a digest of the content."""
        return f"{self.format}:{hashlib.sha256(self.content).hexdigest()[:16]}"


def is_kept(picture: str) -> bool:
    """Whether a sheet's picture is one that the mall keeps, and not a URL or nothing."""
    return picture.partition(":")[0] in FORMATS


def drawn(svg: str) -> Picture:
    """Raises UnsafePicture."""
    fault = svg_fault(svg)
    if fault:
        raise UnsafePicture(fault)
    return Picture(Format.SVG, svg.encode())


def photographed(content: bytes) -> Picture:
    """Raises PictureUnknown for what begins neither like PNG nor like JPEG."""
    for first, form in FIRST_BYTES.items():
        if content.startswith(first):
            return Picture(form, content)
    raise PictureUnknown
