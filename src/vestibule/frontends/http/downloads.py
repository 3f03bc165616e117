"""Files that are handed out: always to be saved, never shown as a page of this house."""

from __future__ import annotations

from urllib.parse import quote

from litestar import Response

from vestibule.interfaces.gateway import Attachment


def download(file: Attachment) -> Response[bytes]:
    """Return a file under its own name (RFC 6266 §4.3)."""
    named = f"attachment; filename*=UTF-8''{quote(file.file_name, safe='')}"
    return Response(file.content, media_type=file.content_type, headers={"content-disposition": named})
