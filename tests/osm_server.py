"""Nominatim and Overpass on this machine, answering from a real OSM file and from things that a test adds.

Understands of Overpass' language what osmnx writes: unions of ``node|way|relation[tags](poly:'lat lon …')`` and the recursion down.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import osmium
import shapely

Element = dict[str, Any]
_STATEMENT = re.compile(r"(node|way|relation)((?:\[[^\]]*\])+)\(poly:'([^']*)'\)")
_TAG = re.compile(r"\[['\"]([^'\"]+)['\"](?:=['\"]([^'\"]*)['\"])?\]")


def read_elements(path: Path) -> dict[tuple[str, int], Element]:
    """Everything in a file as Overpass writes it."""
    found: dict[tuple[str, int], Element] = {}
    for thing in osmium.FileProcessor(str(path)):
        kind = type(thing).__name__.lower()
        element: Element = {"type": kind, "id": thing.id, "tags": {tag.k: tag.v for tag in thing.tags}}
        if kind == "node":
            element |= {"lat": thing.location.lat, "lon": thing.location.lon}
        elif kind == "way":
            element["nodes"] = [node.ref for node in thing.nodes]
        else:
            names = {"n": "node", "w": "way", "r": "relation"}
            element["members"] = [
                {"type": names[each.type], "ref": each.ref, "role": each.role} for each in thing.members
            ]
        found[kind, thing.id] = element
    return found


@dataclass
class OsmServer:
    """A server, what it knows, and what it was asked.

    Attributes:
        answers: to searches by name.
        failures: (a word of the question, what becomes of it), each once: a status or a remark.
    """

    elements: dict[tuple[str, int], Element]
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    failures: list[tuple[str, int | str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    url: str = ""

    def area(self, relation: int) -> shapely.Geometry:
        """The area of a relation of ways."""
        lines = [
            shapely.LineString([self._place(ref) for ref in way["nodes"]])
            for member in self.elements["relation", relation]["members"]
            if (way := self.elements.get((member["type"], member["ref"]))) and member["type"] == "way"
        ]
        return shapely.union_all(shapely.get_parts(shapely.polygonize(lines)))

    def knows(self, name: str, relation: int, full: str, area: shapely.Geometry | None = None) -> None:
        """Let a name be found, with the area of its relation unless another is given."""
        area = self.area(relation) if area is None else area
        result = {
            "osm_type": "relation",
            "osm_id": relation,
            "class": "boundary",
            "type": "administrative",
            "display_name": full,
        }
        west, south, east, north = area.bounds
        more = {"geojson": shapely.geometry.mapping(area), "boundingbox": [south, north, west, east]}
        self.answers.setdefault(name, []).append(
            {**result, **more, "lat": south, "lon": west, "place_id": relation, "importance": 0.5}
        )
        self.answers[f"R{relation}"] = [self.answers[name][-1]]

    def overpass(self, query: str) -> dict[str, Any]:
        """What a query finds, with the members and nodes of it."""
        found: dict[tuple[str, int], Element] = {}
        for kind, filters, places in _STATEMENT.findall(query):
            numbers = [float(number) for number in places.split()]
            area = shapely.Polygon(list(zip(numbers[1::2], numbers[::2], strict=True)))
            shapely.prepare(area)
            wanted = _TAG.findall(filters)
            tagged = [(key, each) for key, each in self.elements.items() if key[0] == kind and each["tags"]]
            for key, element in tagged:
                if _matches(element["tags"], wanted) and self._touches(element, area):
                    self._down(key, found)
        return {"version": 0.6, "elements": list(found.values())}

    def _place(self, node: int) -> tuple[float, float]:
        return self.elements["node", node]["lon"], self.elements["node", node]["lat"]

    def _touches(self, element: Element, area: shapely.Geometry) -> bool:
        if element["type"] == "node":
            return bool(shapely.intersects_xy(area, element["lon"], element["lat"]))
        if element["type"] == "way":
            nodes = [self._place(ref) for ref in element["nodes"] if ("node", ref) in self.elements]
            return bool(nodes) and bool(shapely.intersects_xy(area, *zip(*nodes, strict=True)).any())
        members = [self.elements.get((member["type"], member["ref"])) for member in element["members"]]
        return any(
            member is not None and member["type"] != "relation" and self._touches(member, area) for member in members
        )

    def _down(self, key: tuple[str, int], found: dict[tuple[str, int], Element]) -> None:
        if key in found or key not in self.elements:
            return
        found[key] = self.elements[key]
        for ref in self.elements[key].get("nodes", []):
            self._down(("node", ref), found)
        for member in self.elements[key].get("members", []):
            if member["type"] != "relation":
                self._down((member["type"], member["ref"]), found)


def _matches(tags: dict[str, str], wanted: list[tuple[str, str]]) -> bool:
    return all(key in tags and (not value or tags[key] == value) for key, value in wanted)


@contextmanager
def serving(server: OsmServer) -> Iterator[OsmServer]:
    """The server at an address of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/moved/"):
                self.send_response(301)
                self.send_header("Location", self.path.removeprefix("/moved"))
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            asked = parse_qs(urlparse(self.path).query)
            name = (asked.get("q") or asked.get("osm_ids") or [""])[0]
            self._answer(f"place {name}", lambda: server.answers.get(name, []))

        def do_POST(self) -> None:
            query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["data"][0]
            self._answer(query, lambda: server.overpass(query))

        def _answer(self, question: str, answer: Any) -> None:
            server.asked.append(question)
            server.agents.add(self.headers["User-Agent"])
            failure = next((each for each in server.failures if each[0] in question), None)
            if failure is not None:
                server.failures.remove(failure)
            if failure is not None and isinstance(failure[1], int):
                self._send(failure[1], b"<html>busy</html>", "text/html")
                return
            told = answer() if failure is None else {"elements": [], "remark": failure[1]}
            self._send(200, json.dumps(told).encode(), "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        server.url = f"http://127.0.0.1:{httpd.server_port}"
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            httpd.shutdown()
