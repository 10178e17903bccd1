"""What the system and the readers of files complain about, in the words of the user: they speak English only."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from types import MappingProxyType

from geoplan.i18n import _, current, mark

_OF_SYSTEM: Mapping[int, str] = MappingProxyType(
    {
        errno.EACCES: mark("没有权限"),
        errno.EPERM: mark("没有权限"),
        errno.EROFS: mark("磁盘是只读的"),
        errno.ENOENT: mark("文件或文件夹不存在"),
        errno.EEXIST: mark("那里已有同名的文件"),
        errno.ENOTDIR: mark("路径中有一段是文件，不是文件夹"),
        errno.EISDIR: mark("那里是文件夹，不是文件"),
        errno.ENOTEMPTY: mark("文件夹里已有内容"),
        errno.ENOSPC: mark("磁盘已满，请腾出空间"),
        errno.EDQUOT: mark("磁盘配额已用完，请腾出空间"),
        errno.EFBIG: mark("文件过大"),
        errno.ENAMETOOLONG: mark("文件名或路径过长"),
        errno.EMFILE: mark("打开的文件过多，请关闭一些程序再试"),
        errno.EBUSY: mark("文件正被其他程序占用"),
        errno.EIO: mark("磁盘读写出错，请检查磁盘"),
    }
)
# What a reader's line holds, and what that means; the first that fits is told. Those of the system come again in what GDAL says.
_OF_READERS: Mapping[str, str] = MappingProxyType(
    {
        "file exists": mark("那里已有同名的文件"),
        "permission denied": mark("没有权限"),
        "read-only": mark("磁盘是只读的"),
        "no space left": mark("磁盘已满，请腾出空间"),
        "disk is full": mark("磁盘已满，请腾出空间"),
        "no such file": mark("文件或文件夹不存在"),
        "is locked": mark("文件正被其他程序占用"),
        "supported file format": mark("不是能读的格式，或文件已损坏"),
        "magic bytes": mark("不是能读的格式，或文件已损坏"),
        "corrupt": mark("不是能读的格式，或文件已损坏"),
        "not a zip file": mark("压缩包已损坏或不完整"),
        "cannot overwrite a value": mark("同一个键写了两次"),
        "cannot declare": mark("同一个表写了两次"),
        "expected '='": mark("键后面要有等号"),
        "expected newline": mark("一行只写一项"),
        "expected ']": mark("方括号没有合上"),
        "unclosed": mark("括号没有合上"),
        "unterminated": mark("引号没有合上"),
        "expected \"'": mark("引号没有合上"),
        "expected '\"": mark("引号没有合上"),
        "invalid statement": mark("写法不对"),
        "mismatched tag": mark("标签没有合上"),
        "invalid value": mark("值的写法不对，文字要加引号"),
        "invalid initial character": mark("键的写法不对"),
        "illegal character": mark("有不能用的字符"),
        "expecting value": mark("缺少一个值"),
        "expecting property name": mark("键要加双引号"),
        "expecting ',' delimiter": mark("两项之间缺少逗号"),
        "expecting ':' delimiter": mark("键后面缺少冒号"),
        "extra data": mark("末尾有多余的内容"),
        "no element found": mark("文件没有写完"),
        "self-intersection": mark("边线相互交叉"),
        "hole lies outside": mark("洞在外圈之外"),
        "nested": mark("各部分相互嵌套"),
        "too few points": mark("顶点太少"),
        "codec can't decode": mark("文字的编码不对，请另存为 UTF-8"),
    }
)
_LINE = re.compile(r"[:(]? ?(?:at )?line (\d+),? col(?:umn)? (\d+)(?: \(char \d+\))?\)?")
_AT = re.compile(r"\[(-?[\d.]+) (-?[\d.]+)\]$")
_SPOKEN = re.compile("[\u4e00-\u9fff]")


def cause(error: object, *, placed: bool = True) -> str:
    """Why something could not be read or written, in a line; what is not known here is quoted as it was said.

    Args:
        error: an exception, or what a reader said.
        placed: whether the line and column are named, where they are known.
    """
    said = getattr(error, "strerror", None) or str(error)
    text = said.strip().splitlines()[0].strip() if said.strip() else type(error).__name__
    if _SPOKEN.search(text):  # it speaks to the user already
        return text
    line, at = _LINE.search(text), _AT.search(text)
    known = _known(error, _AT.sub("", _LINE.sub("", text)).strip())
    if line and placed:
        return _("第 {line} 行第 {column} 列：{known}").format(line=line[1], column=line[2], known=known)
    return (
        _("{known}，在 {x}, {y}").format(known=known, x=round(float(at[1]), 5), y=round(float(at[2]), 5))
        if at and placed
        else known
    )


def _known(error: object, text: str) -> str:
    told = _OF_SYSTEM.get(getattr(error, "errno", None) or 0)
    if told is None:
        told = next((words for start, words in _OF_READERS.items() if start in text.casefold()), None)
    if told is not None:
        return _(told)
    return text if current() == "en" else _("程序的原话是“{text}”").format(text=text)
