"""Pictures for the guides: small PNG files with few colours."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import BrowserContext, Page

COLOURS = 64
# The most frequent colours stay, the others take the nearest of them.
FEWER = """async ([shot, most]) => {
  const image = new Image(); image.src = "data:image/png;base64," + shot; await image.decode()
  const canvas = document.createElement("canvas"), area = [image.width, image.height]
  ;[canvas.width, canvas.height] = area
  const pen = canvas.getContext("2d"); pen.drawImage(image, 0, 0)
  const dots = pen.getImageData(0, 0, ...area).data, counts = new Map(), nearest = new Map()
  const colour = i => dots[i] << 16 | dots[i + 1] << 8 | dots[i + 2]
  for (let i = 0; i < dots.length; i += 4) counts.set(colour(i), (counts.get(colour(i)) || 0) + 1)
  const palette = [...counts].sort((a, b) => b[1] - a[1]).slice(0, most)
    .map(([one]) => [one >> 16, one >> 8 & 255, one & 255])
  const find = i => {
    let best = 0, least = Infinity
    palette.forEach((p, n) => { const far = p.reduce((sum, x, c) => sum + (x - dots[i + c]) ** 2, 0)
      if (far < least) { least = far; best = n } })
    return best
  }
  const chosen = new Uint8Array(dots.length / 4)
  for (let i = 0; i < dots.length; i += 4) {
    if (!nearest.has(colour(i))) nearest.set(colour(i), find(i))
    chosen[i / 4] = nearest.get(colour(i))
  }
  let text = ""
  for (let i = 0; i < chosen.length; i += 8192) text += String.fromCharCode(...chosen.subarray(i, i + 8192))
  return [area, palette.flat(), btoa(text)]
}"""


def keep(context: BrowserContext, page: Page, path: Path) -> None:
    """Save what `page` shows as a PNG with a palette."""
    shot = base64.b64encode(page.screenshot(animations="disabled", caret="hide")).decode()
    drawing = context.new_page()
    (width, height), palette, dots = drawing.evaluate(FEWER, [shot, COLOURS])
    drawing.close()
    lines = base64.b64decode(dots)
    raw = b"".join(b"\0" + lines[row * width : (row + 1) * width] for row in range(height))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + chunk(b"PLTE", bytes(palette))
        + chunk(b"IDAT", zlib.compress(raw, 9))
        + chunk(b"IEND", b"")
    )


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
