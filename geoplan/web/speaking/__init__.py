"""What the browser is told so that a page is read aloud right: its language, and Streamlit's own words in it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import streamlit as st

from geoplan.i18n import _, current, mark

_LANGUAGES = {"zh": "zh-CN", "en": "en"}
_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "Skip to main content": mark("跳到正文"),
        "Sidebar": mark("侧栏"),
        "Collapse sidebar": mark("收起侧栏"),
        "Expand sidebar": mark("展开侧栏"),
        "App pages": mark("页面"),
        "Open": mark("展开选项"),
        "Dismiss": mark("收起选项"),
        "Choose an option": mark("请选择"),
        "Choose options": mark("请选择一项或几项"),
        "No results": mark("没有相符的选项"),
        "1 option available.": mark("有 1 个选项。"),
        "{} options available.": mark("有 {} 个选项。"),
        "Select all": mark("全选"),
        "Select {} matches": mark("选中相符的 {} 项"),
        "Selected values": mark("已选"),
        "Remove {}": mark("移除 {}"),
        "Clear all": mark("全部清除"),
        "Clear value": mark("清除"),
        "Decrement": mark("减少"),
        "Increment": mark("增加"),
        "file upload": mark("上传的文件"),
        "Upload": mark("选择文件"),
        "Add files": mark("另选文件"),
        "{}MB per file": mark("或拖到这里，不超过 {} MB"),
        "Error: ": mark("错误："),
        "{} files are not allowed.": mark("不收 {} 类的文件。"),
        "File must be {} or smaller.": mark("文件不能超过 {}。"),
        "Only one file is allowed.": mark("一次只能选一个文件。"),
        "Type to search": mark("输入要查找的文字"),
        "Previous Result": mark("上一处"),
        "Next Result": mark("下一处"),
        "Close Search": mark("关闭查找"),
        "Dataframe column menu": mark("列的菜单"),
        "Sort ascending": mark("升序"),
        "Sort descending": mark("降序"),
        "Format": mark("格式"),
        "Statistics": mark("统计"),
        "Autosize": mark("自动列宽"),
        "Pin column": mark("固定此列"),
        "Unpin column": mark("不再固定"),
        "Hide column": mark("隐藏此列"),
        "Copy column name": mark("复制列名"),
        "Connecting": mark("正在连接"),
        "Connection error": mark("连接中断"),
        "Streamlit server is not responding. Are you connected to the internet?": mark("服务程序没有回应。"),
        "Running...": mark("正在运行"),
        "Close": mark("关闭窗口"),
        "Page not found": mark("没有这一页"),
        "The page that you have requested does not seem to exist. Running the app's main page.": mark(
            "网址中的页面不存在，已打开总览。"
        ),
    }
)
"""Streamlit's words by the English that it has for them; ``{}`` stands for whatever is there."""


def speak() -> None:
    """Let the page be in the language that is spoken; nothing is seen of it."""
    with st.container(key="gp-speak"):
        data = {"language": _LANGUAGES[current()], "words": {english: _(own) for english, own in _WORDS.items()}}
        _component()(key="speak", data=data, height=1)


@cache
def _component() -> Any:
    return st.components.v2.component("geoplan.speak", js="speak.js", html="", isolate_styles=False)
