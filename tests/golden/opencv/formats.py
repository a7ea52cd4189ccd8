"""Writes formats.json: see README.md."""
import base64
import json
import os
import struct
import tempfile
import zlib

import cv2
import numpy as np

FOLDER = os.path.dirname(os.path.abspath(__file__))
RANDOM = np.random.default_rng(15)
HEIGHT, WIDTH = 3, 5
CASES = {}


def noise(*shape, most=255, dtype=np.uint8):
    return RANDOM.integers(0, most + 1, shape, dtype=dtype)


# PBM, PGM and PPM


def netpbm():
    def plain(values):
        return "\n".join(" ".join(str(v) for v in row.ravel()) for row in values).encode() + b"\n"

    bits = noise(HEIGHT, 11, most=1)
    gray, color = noise(HEIGHT, WIDTH), noise(HEIGHT, WIDTH, 3)
    deep = noise(HEIGHT, WIDTH, most=65535, dtype=np.uint16)
    deep_color = noise(HEIGHT, WIDTH, 3, most=65535, dtype=np.uint16)
    low = noise(HEIGHT, WIDTH, most=15)
    low_deep = noise(HEIGHT, WIDTH, most=1023, dtype=np.uint16)
    big = lambda a: a.astype(">u2").tobytes()
    head = f"{WIDTH} {HEIGHT}".encode()
    CASES["plain.pbm"] = b"P1\n11 3\n" + plain(bits)
    CASES["plain-close.pbm"] = b"P1\n11 3\n" + b"\n".join(bytes(48 + v for v in row) for row in bits) + b"\n"
    CASES["raw.pbm"] = b"P4\n11 3\n" + np.packbits(bits, axis=1).tobytes()
    CASES["plain.pgm"] = b"P2\n" + head + b"\n255\n" + plain(gray)
    CASES["plain-15.pgm"] = b"P2\n" + head + b"\n15\n" + plain(low)
    CASES["plain-beyond.pgm"] = b"P2\n" + head + b"\n15\n" + plain(low + 3)
    CASES["plain-1023.pgm"] = b"P2\n" + head + b"\n1023\n" + plain(low_deep)
    CASES["plain-comments.pgm"] = b"P2 # of noise\n# 4 4\n" + head + b"# 7\n255\r\n# values\n" + plain(gray).replace(b"\n", b" # a row\n\n")
    CASES["plain-tabs.pgm"] = b"P2\t5\t3\t255\t" + plain(gray).replace(b" ", b"\t\r\n")
    CASES["raw.pgm"] = b"P5\n" + head + b"\n255\n" + gray.tobytes()
    CASES["raw-spaces.pgm"] = b"P5 5   3\n\n 255 " + gray.tobytes()
    CASES["raw-return.pgm"] = b"P5\r\n5 3\r\n255\n" + gray.tobytes()
    CASES["raw-comment.pgm"] = b"P5\n# made by a camera\n5\n# the height\n3\n255\n" + gray.tobytes()
    CASES["raw-comment-glued.pgm"] = b"P5\n5 3#\n255\n" + gray.tobytes()
    CASES["raw-15.pgm"] = b"P5\n" + head + b"\n15\n" + low.tobytes()
    CASES["raw-beyond.pgm"] = b"P5\n" + head + b"\n15\n" + gray.tobytes()
    CASES["raw-65535.pgm"] = b"P5\n" + head + b"\n65535\n" + big(deep)
    CASES["raw-1023.pgm"] = b"P5\n" + head + b"\n1023\n" + big(low_deep)
    CASES["raw-256.pgm"] = b"P5\n" + head + b"\n256\n" + big(low_deep % 257)
    CASES["plain.ppm"] = b"P3\n" + head + b"\n255\n" + plain(color)
    CASES["plain-100.ppm"] = b"P3\n" + head + b"\n100\n" + plain(color % 101)
    CASES["plain-65535.ppm"] = b"P3\n" + head + b"\n65535\n" + plain(deep_color)
    CASES["raw.ppm"] = b"P6\n" + head + b"\n255\n" + color.tobytes()
    CASES["raw-100.ppm"] = b"P6\n" + head + b"\n100\n" + (color % 101).tobytes()
    CASES["raw-65535.ppm"] = b"P6\n" + head + b"\n65535\n" + big(deep_color)
    CASES["one.pgm"] = b"P5 1 1 255\n\x07"
    CASES["more.pgm"] = b"P5 1 1 255\n\x07 and more"
    CASES["cut.pgm"] = CASES["raw.pgm"][:-1]
    CASES["cut-plain.pgm"] = b"P2 5 3 255\n1 2 3 4"
    CASES["no-maxval.pgm"] = b"P5\n5 3\n0\n" + gray.tobytes()
    CASES["large-maxval.pgm"] = b"P5\n5 3\n65536\n" + big(deep)
    CASES["word.pgm"] = b"P2\n5 3\n255\n" + plain(gray).replace(b" ", b" x ", 1)
    CASES["minus.pgm"] = b"P2\n5 -3\n255\n" + plain(gray)


# BMP


def bitmap(bits, rows, palette=None, compression=0, height=HEIGHT, header=40, masks=b"", used=0, width=WIDTH, gap=0):
    table = b"" if palette is None else b"".join(bytes(c) + b"\0" * (header != 12) for c in palette)
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height & 0xFFFF, 1, bits)
    else:
        info = struct.pack("<IiiHHIIiiII", header, width, height, 1, bits, compression, len(rows), 2835, 2835, used, 0)
        if header > 40:
            info += masks.ljust(header - 40, b"\0")
            masks = b""
    start = 14 + len(info) + len(masks) + len(table) + gap
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + masks + table + b"\0" * gap + rows


def padded(rows):
    return b"".join(bytes(row).ljust((len(row) + 3) // 4 * 4, b"\0") for row in rows)


def bitmaps():
    colors = [tuple(int(v) for v in noise(3)) for _ in range(256)]
    grays = [(i * 17 % 256,) * 3 for i in range(256)]
    ones = noise(HEIGHT, 11, most=1)
    nibbles = noise(HEIGHT, WIDTH, most=15)
    indices = noise(HEIGHT, WIDTH)
    bit_rows = padded(np.packbits(ones, axis=1).tolist())
    pack = lambda row: [(int(row[i]) << 4) | (int(row[i + 1]) if i + 1 < len(row) else 0) for i in range(0, len(row), 2)]
    nibble_rows = padded([pack(row) for row in nibbles])
    index_rows = padded(indices.tolist())
    CASES["1.bmp"] = bitmap(1, bit_rows, colors[:2], width=11)
    CASES["1-gray.bmp"] = bitmap(1, bit_rows, [(255,) * 3, (0,) * 3], width=11)
    CASES["4.bmp"] = bitmap(4, nibble_rows, colors[:16])
    CASES["4-gray.bmp"] = bitmap(4, nibble_rows, grays[:16])
    CASES["4-used.bmp"] = bitmap(4, nibble_rows, colors[:9], used=9)
    CASES["8.bmp"] = bitmap(8, index_rows, colors)
    CASES["8-used.bmp"] = bitmap(8, padded((indices % 20).tolist()), colors[:20], used=20)
    CASES["8-gray-used.bmp"] = bitmap(8, padded((indices % 20).tolist()), grays[:20], used=20)
    CASES["8-gap.bmp"] = bitmap(8, index_rows, colors, gap=6)
    CASES["8-top-down.bmp"] = bitmap(8, index_rows, colors, height=-HEIGHT)
    CASES["8-os2.bmp"] = bitmap(8, index_rows, colors, header=12)
    CASES["4-os2.bmp"] = bitmap(4, nibble_rows, colors[:16], header=12)
    CASES["1-os2.bmp"] = bitmap(1, bit_rows, colors[:2], header=12, width=11)
    CASES["24-os2.bmp"] = bitmap(24, padded(noise(HEIGHT, 3 * WIDTH).tolist()), header=12)
    CASES["8-os2-64.bmp"] = bitmap(8, index_rows, colors, header=64)
    words = noise(HEIGHT, WIDTH, most=65535, dtype=np.uint16)
    word_rows = padded([row.astype("<u2").tobytes() for row in words])
    CASES["16.bmp"] = bitmap(16, word_rows)
    CASES["16-555.bmp"] = bitmap(16, word_rows, compression=3, masks=struct.pack("<III", 0x7C00, 0x3E0, 0x1F))
    CASES["16-565.bmp"] = bitmap(16, word_rows, compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    CASES["16-565-v4.bmp"] = bitmap(16, word_rows, compression=3, header=108, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    CASES["16-444.bmp"] = bitmap(16, word_rows, compression=3, masks=struct.pack("<III", 0xF00, 0xF0, 0xF))
    CASES["24.bmp"] = bitmap(24, padded(noise(HEIGHT, 3 * WIDTH).tolist()))
    CASES["24-v5.bmp"] = bitmap(24, padded(noise(HEIGHT, 3 * WIDTH).tolist()), header=124)
    CASES["24-top-down.bmp"] = bitmap(24, padded(noise(HEIGHT, 3 * WIDTH).tolist()), height=-HEIGHT)
    quads = noise(HEIGHT, 4 * WIDTH).tobytes()
    CASES["32.bmp"] = bitmap(32, quads)
    CASES["32-masks.bmp"] = bitmap(32, quads, compression=3, masks=struct.pack("<III", 0xFF0000, 0xFF00, 0xFF))
    CASES["32-masks-rgb.bmp"] = bitmap(32, quads, compression=3, masks=struct.pack("<III", 0xFF, 0xFF00, 0xFF0000))
    CASES["32-v4.bmp"] = bitmap(32, quads, compression=3, header=108, masks=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    rle8 = bytes([2, 7, 0, 3, 9, 8, 7, 0, 0, 0, 5, 1, 0, 0, 1, 30, 4, 31, 0, 1])
    CASES["rle8.bmp"] = bitmap(8, rle8, colors, compression=1)
    CASES["rle8-gray.bmp"] = bitmap(8, rle8, grays, compression=1)
    CASES["rle8-delta.bmp"] = bitmap(8, bytes([1, 7, 0, 2, 1, 1, 2, 8, 0, 0, 3, 9, 0, 1]), colors, compression=1)
    CASES["rle8-short.bmp"] = bitmap(8, bytes([5, 7, 0, 0, 2, 9, 0, 0, 0, 1]), colors, compression=1)
    CASES["rle8-no-line-ends.bmp"] = bitmap(8, bytes([5, 7, 5, 8, 5, 9, 0, 1]), colors, compression=1)
    CASES["rle8-no-end.bmp"] = bitmap(8, bytes([5, 7, 0, 0, 5, 8, 0, 0, 5, 9, 0, 0]), colors, compression=1)
    CASES["rle8-long.bmp"] = bitmap(8, bytes([6, 7, 0, 0, 5, 8, 0, 0, 5, 9, 0, 1]), colors, compression=1)
    CASES["rle8-cut.bmp"] = bitmap(8, bytes([5, 7, 0, 0, 5, 8]), colors, compression=1)
    CASES["rle8-end-of-line-end.bmp"] = bitmap(8, bytes([5, 7, 0, 0, 0, 0, 3, 9, 0, 0, 0, 1]), colors, compression=1)
    rle4 = bytes([3, 0x12, 2, 0x34, 0, 0, 0, 5, 0x56, 0x78, 0x90, 0, 0, 0, 4, 0xAB, 1, 0xC0, 0, 1])
    CASES["rle4.bmp"] = bitmap(4, rle4, colors[:16], compression=2)
    CASES["rle4-gray.bmp"] = bitmap(4, rle4, grays[:16], compression=2)
    CASES["rle4-delta.bmp"] = bitmap(4, bytes([1, 0x70, 0, 2, 1, 1, 2, 0x89, 0, 0, 3, 0x9A, 0, 1]), colors[:16], compression=2)
    CASES["rle4-short.bmp"] = bitmap(4, bytes([5, 0x77, 0, 0, 2, 0x99, 0, 0, 0, 1]), colors[:16], compression=2)
    CASES["rle4-long.bmp"] = bitmap(4, bytes([6, 0x77, 0, 0, 5, 8, 0, 1]), colors[:16], compression=2)
    CASES["jpeg.bmp"] = bitmap(0, b"\xff\xd8\xff", compression=4)
    CASES["cut.bmp"] = bitmap(4, nibble_rows, colors[:16])[:-1]
    CASES["header-16.bmp"] = b"BM" + struct.pack("<IHHI", 90, 0, 0, 30) + struct.pack("<IIIHH", 16, 5, 3, 1, 24) + padded(noise(HEIGHT, 3 * WIDTH).tolist())


# TIFF


def tiff(samples, bits, photometric, *, order="<", planar=1, extra=None, palette=None, sample_format=None, compression=1, tile=None, orientation=None, rows=None, predictor=1, more=()):
    """`samples` is H×W×S of whole numbers (or floats); strips of `rows` rows each, or tiles of a side."""
    height, width, count = samples.shape
    kind = {8: "u1", 16: "u2", 32: "f4", 64: "f8"}.get(bits) if sample_format in (None, 1, 3) else {8: "i1", 16: "i2", 32: "i4"}[bits]
    if bits == 32 and sample_format == 1:
        kind = "u4"

    def coded(block):
        if bits < 8:
            data = b"".join(np.packbits(np.unpackbits(row.ravel()[:, None].astype(np.uint8), axis=1)[:, 8 - bits :].ravel()).tobytes() for row in block)
        else:
            if predictor == 2:
                block = np.concatenate([block[:, :1], np.diff(block, axis=1)], axis=1)
            data = block.astype(order + kind).tobytes()
        if compression in (8, 32946):
            return zlib.compress(data)
        if compression == 32773:
            return b"".join(bytes([len(data[i : i + 100]) - 1]) + data[i : i + 100] for i in range(0, len(data), 100))
        return data

    planes = [samples] if planar == 1 else [samples[:, :, i : i + 1] for i in range(count)]
    blocks = []
    for plane in planes:
        if tile:
            for y in range(0, height, tile):
                for x in range(0, width, tile):
                    block = np.zeros((tile, tile, plane.shape[2]), plane.dtype)
                    part = plane[y : y + tile, x : x + tile]
                    block[: part.shape[0], : part.shape[1]] = part
                    blocks.append(coded(block))
        else:
            step = rows or height
            blocks += [coded(plane[y : y + step]) for y in range(0, height, step)]
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [bits] * count), 259: (3, [compression]), 262: (3, [photometric]), 277: (3, [count]), 284: (3, [planar])}
    if extra is not None:
        tags[338] = (3, [extra])
    if palette is not None:
        tags[320] = (3, [int(v) for v in palette.T.ravel()])
    if sample_format is not None:
        tags[339] = (3, [sample_format] * count)
    if orientation is not None:
        tags[274] = (3, [orientation])
    if predictor != 1:
        tags[317] = (3, [predictor])
    for tag, kind_, values in more:
        tags[tag] = (kind_, values)
    where, lengths = (324, 325) if tile else (273, 279)
    if tile:
        tags[322], tags[323] = (3, [tile]), (3, [tile])
    else:
        tags[278] = (3, [rows or height])
    tags[lengths] = (4, [len(block) for block in blocks])
    tags[where] = (4, [0] * len(blocks))
    code = {3: "H", 4: "I"}
    end = 8 + 2 + 12 * len(tags) + 4
    room = {tag: 0 if len(v) * {3: 2, 4: 4}[k] <= 4 else len(v) * {3: 2, 4: 4}[k] for tag, (k, v) in tags.items()}
    data_start = end + sum(room.values())
    offsets, at = [], data_start
    for block in blocks:
        offsets.append(at)
        at += len(block)
    tags[where] = (4, offsets)
    directory, beyond = struct.pack(order + "H", len(tags)), b""
    for tag in sorted(tags):
        k, values = tags[tag]
        raw = struct.pack(order + code[k] * len(values), *values)
        directory += struct.pack(order + "HHI", tag, k, len(values))
        if len(raw) <= 4:
            directory += raw.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", end + len(beyond))
            beyond += raw
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "I", 8) + directory + b"\0\0\0\0" + beyond + b"".join(blocks)


def tiffs():
    gray, rgb, rgba = noise(HEIGHT, WIDTH, 1), noise(HEIGHT, WIDTH, 3), noise(HEIGHT, WIDTH, 4)
    deep = lambda count: noise(HEIGHT, WIDTH, count, most=65535, dtype=np.uint16)
    floats = RANDOM.random((HEIGHT, WIDTH, 1)) * 2 - 0.5
    colors = noise(256, 3, most=65535, dtype=np.uint16)
    for order, name in (("<", "little"), (">", "big")):
        CASES[f"rgb-{name}.tif"] = tiff(rgb, 8, 2, order=order)
        CASES[f"rgb16-{name}.tif"] = tiff(deep(3), 16, 2, order=order)
        CASES[f"gray16-{name}.tif"] = tiff(deep(1), 16, 1, order=order)
    CASES["gray.tif"] = tiff(gray, 8, 1)
    CASES["gray-white-is-0.tif"] = tiff(gray, 8, 0)
    CASES["gray16-white-is-0.tif"] = tiff(deep(1), 16, 0)
    CASES["1.tif"] = tiff(noise(HEIGHT, 11, 1, most=1), 1, 1)
    CASES["1-white-is-0.tif"] = tiff(noise(HEIGHT, 11, 1, most=1), 1, 0)
    CASES["4.tif"] = tiff(noise(HEIGHT, WIDTH, 1, most=15), 4, 1)
    CASES["2.tif"] = tiff(noise(HEIGHT, WIDTH, 1, most=3), 2, 1)
    CASES["palette.tif"] = tiff(gray, 8, 3, palette=colors)
    CASES["palette4.tif"] = tiff(noise(HEIGHT, WIDTH, 1, most=15), 4, 3, palette=colors[:16])
    CASES["palette1.tif"] = tiff(noise(HEIGHT, 11, 1, most=1), 1, 3, palette=colors[:2])
    CASES["palette-of-8-bits.tif"] = tiff(gray, 8, 3, palette=colors >> 8)
    CASES["rgba-unassociated.tif"] = tiff(rgba, 8, 2, extra=2)
    CASES["rgba-associated.tif"] = tiff(rgba, 8, 2, extra=1)
    CASES["rgba-unspecified.tif"] = tiff(rgba, 8, 2, extra=0)
    CASES["rgba-no-extra.tif"] = tiff(rgba, 8, 2)
    CASES["rgba16-unassociated.tif"] = tiff(deep(4), 16, 2, extra=2)
    CASES["rgba16-associated.tif"] = tiff(deep(4), 16, 2, extra=1)
    CASES["gray-alpha.tif"] = tiff(noise(HEIGHT, WIDTH, 2), 8, 1, extra=2)
    CASES["gray-alpha-associated.tif"] = tiff(noise(HEIGHT, WIDTH, 2), 8, 1, extra=1)
    CASES["cmyk.tif"] = tiff(rgba, 8, 5)
    CASES["cmyk16.tif"] = tiff(deep(4), 16, 5)
    CASES["planar.tif"] = tiff(rgb, 8, 2, planar=2)
    CASES["planar16.tif"] = tiff(deep(3), 16, 2, planar=2)
    CASES["planar-rgba.tif"] = tiff(rgba, 8, 2, planar=2, extra=2)
    CASES["strips.tif"] = tiff(rgb, 8, 2, rows=2)
    CASES["deflate.tif"] = tiff(rgb, 8, 2, compression=8)
    CASES["deflate-predictor.tif"] = tiff(rgb, 8, 2, compression=8, predictor=2)
    CASES["deflate16-predictor.tif"] = tiff(deep(3), 16, 2, compression=8, predictor=2)
    CASES["packbits.tif"] = tiff(rgb, 8, 2, compression=32773)
    large = noise(20, 35, 3)
    CASES["tiles.tif"] = tiff(large, 8, 2, tile=16)
    CASES["tiles-gray.tif"] = tiff(large[:, :, :1], 8, 1, tile=16)
    CASES["tiles16.tif"] = tiff(noise(20, 35, 3, most=65535, dtype=np.uint16), 16, 2, tile=16)
    for orientation in range(2, 9):
        CASES[f"orientation-{orientation}.tif"] = tiff(rgb, 8, 2, orientation=orientation)
    CASES["float.tif"] = tiff(floats, 32, 1, sample_format=3)
    CASES["float-color.tif"] = tiff(RANDOM.random((HEIGHT, WIDTH, 3)), 32, 2, sample_format=3)
    CASES["double.tif"] = tiff(floats, 64, 1, sample_format=3)
    CASES["uint32.tif"] = tiff(noise(HEIGHT, WIDTH, 1, most=2**32 - 1, dtype=np.uint32), 32, 1, sample_format=1)
    CASES["int8.tif"] = tiff(gray.astype(np.int8), 8, 1, sample_format=2)
    CASES["int16.tif"] = tiff(deep(1).astype(np.int16), 16, 1, sample_format=2)
    CASES["five.tif"] = tiff(noise(HEIGHT, WIDTH, 5), 8, 2, extra=0)
    CASES["lab.tif"] = tiff(rgb, 8, 8)
    CASES["ycbcr.tif"] = tiff(noise(4, 6, 3), 8, 6, more=[(530, 3, [1, 1])])
    for name, code in (("lzw", 5), ("jpeg", 7)):
        _, data = cv2.imencode(".tif", noise(HEIGHT, WIDTH, 3), [cv2.IMWRITE_TIFF_COMPRESSION, code])
        CASES[f"{name}.tif"] = data.tobytes()
    CASES["cut.tif"] = tiff(rgb, 8, 2)[:-4]


# EXIF in PNG and WebP


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def exif(orientation, order="<"):
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHHI", 8, 1, 0x112, 3, 1, orientation, 0, 0)


def pngs():
    _, data = cv2.imencode(".png", noise(HEIGHT, WIDTH, 3))
    data = data.tobytes()
    first = data.index(b"IDAT") - 4
    last = data.index(b"IEND") - 4
    for orientation in range(1, 9):
        turn = chunk(b"eXIf", exif(orientation, "<" if orientation % 2 else ">"))
        CASES[f"exif-{orientation}.png"] = data[:first] + turn + data[first:]
    CASES["exif-behind.png"] = data[:last] + chunk(b"eXIf", exif(6)) + data[last:]
    CASES["exif-9.png"] = data[:first] + chunk(b"eXIf", exif(9)) + data[first:]
    CASES["exif-damaged.png"] = data[:first] + chunk(b"eXIf", b"II*\0\x08\0") + data[first:]
    CASES["exif-named.png"] = data[:first] + chunk(b"eXIf", b"Exif\0\0" + exif(6)) + data[first:]
    _, webp = cv2.imencode(".webp", noise(HEIGHT, WIDTH, 3), [cv2.IMWRITE_WEBP_QUALITY, 101])
    webp = webp.tobytes()[12:]
    turn = exif(6)
    canvas = struct.pack("<I", 8)[:4] + struct.pack("<I", WIDTH - 1)[:3] + struct.pack("<I", HEIGHT - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + canvas + webp + b"EXIF" + struct.pack("<I", len(turn)) + turn
    CASES["exif-6.webp"] = b"RIFF" + struct.pack("<I", len(body)) + body


MODES = {"color": cv2.IMREAD_COLOR, "gray": cv2.IMREAD_GRAYSCALE, "unchanged": cv2.IMREAD_UNCHANGED}


def read(path, flag):
    try:
        image = cv2.imread(path, flag)
    except cv2.error:
        image = None
    if image is None:
        return None
    if image.dtype != np.uint8:
        return {"type": str(image.dtype)}
    shape = [1 if image.ndim == 2 else image.shape[2], *image.shape[:2]]
    return {"shape": shape, "pixels": base64.b64encode(image.tobytes()).decode()}


def main():
    for make in (netpbm, bitmaps, tiffs, pngs):
        make()
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        for name, data in CASES.items():
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(data)
            made = {mode: read(path, flag) for mode, flag in MODES.items()}
            entries.append({"name": name, "file": base64.b64encode(data).decode(), **made})
    with open(os.path.join(FOLDER, "formats.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")


main()
