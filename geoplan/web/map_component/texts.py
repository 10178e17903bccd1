"""The words on the map."""

from __future__ import annotations

from geoplan.i18n import _


def texts() -> dict[str, str]:
    """Every word that the browser shows by itself, in the language of the run."""
    return {
        "map": _("规划地图：方向键移动，加减键缩放，空格键查询地图中央"),
        "toolbar": _("地图工具"),
        "move": _("挪动"),
        "edit": _("改形"),
        "delete": _("删除"),
        "measure": _("测距"),
        "undo": _("撤销"),
        "redo": _("重做"),
        "zoom_in": _("放大"),
        "zoom_out": _("缩小"),
        "home": _("全县"),
        "layers": _("图层与图例"),
        "search": _("按名称查找"),
        "not_found": _("没有这个名称"),
        "load_failed": _("图层未能载入，正在重试"),
        "saving": _("正在保存刚才的改动，请稍候"),
        "metres": _("{value} 米"),
        "kilometres": _("{value} 公里"),
        "close": _("关闭"),
        "measured": _("直线距离 {distance}"),
        "hint_draw_point": _("点击地图放置；空格键放在地图中央；Esc 取消"),
        "hint_draw_line": _("逐点点击，点击末点或按回车结束；Ctrl+Z 退一点；Esc 取消"),
        "hint_draw_polygon": _("逐点点击，点击起点或按回车闭合；Ctrl+Z 退一点；Esc 取消"),
        "corners": _("已放 {count} 点；按回车结束，Ctrl+Z 退一点，Esc 取消"),
        "hint_move": _("拖动图形到新位置，键盘到了设施按回车拿起；Esc 结束"),
        "hint_carry": _("已拿起 {name}；方向键移动地图，空格键放在地图中央；Esc 放回"),
        "hint_edit": _("拖动角点改变边界，右击角点删除；Esc 结束"),
        "hint_delete": _("点击要删除的图形；Esc 结束"),
        "hint_measure": _("逐点点击，点击末点或按回车结束；Esc 取消"),
    }
