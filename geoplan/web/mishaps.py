"""What Streamlit says when something goes wrong, which it has in English only, in the words of the reader."""

from __future__ import annotations

import streamlit as st

from geoplan.i18n import _

# The first rule is a line above every page, also when the box that Streamlit shows was closed. That the server is away is told by a mark
# on the page itself (``speaking``): a rule that asks what the body has would be asked again at every change of the page.
_STYLE = """
[data-testid="stApp"]:not([data-test-connection-state="CONNECTED"])::after { content: var(--gp-away); position: fixed; top: 0;
  left: 0; right: 0; z-index: 999999; padding: .3rem; text-align: center; background: #fdf3f2; color: #b3261e;
  border-bottom: 1px solid #e3b1ae; animation: gp-seen 0s 1s both; }
@keyframes gp-seen { from { visibility: hidden; } to { visibility: visible; } }
html[data-gp-away] [role="dialog"] > :is(h2, h2 + div),
html[data-gp-away] [role="dialog"] > h2 + div *,
[data-testid="stExceptionMessage"] { font-size: 0 !important; }
html[data-gp-away] [role="dialog"] > h2::after {
  content: var(--gp-away); font-size: 1.2rem; }
html[data-gp-away] [role="dialog"] > h2 + div::after {
  content: var(--gp-wait); font-size: 1rem; }
[data-testid="stExceptionMessage"]::after { content: var(--gp-broken); font-size: 1rem; }
[data-testid="stExceptionMessage"] + * { display: none; }
"""


def own_words() -> None:
    """The words for a server that does not answer, and for an error that nobody foresaw.

    The browser has them beforehand: a server that is away can tell nothing.
    """
    words = {
        "away": _("服务程序没有回应，正在重新连接。"),
        "back": _("已重新连接。"),
        "wait": _(
            "图上还没有保存的改动留在这个浏览器里，连上之后自动保存。一直连不上时，请检查 geoplan 是否还在运行。"
        ),
        "broken": _("程序出错，这一步没有完成。请刷新页面再试；仍然出错时，请把服务程序的日志交给维护人员。"),
    }
    told = " ".join(f'--gp-{name}: "{text}";' for name, text in words.items())
    st.html(f"<style>:root {{ {told} }} {_STYLE}</style>")
