"""Serves the app: ``python -m geoplan.web ADDRESS PORT``, which ``geoplan app`` calls."""

import sys

import streamlit as st

from geoplan.web import server

app = st.App(server.SCRIPT, routes=server.routes(), middleware=server.middleware(), lifespan=server.lifespan)

if __name__ == "__main__":
    address, port = sys.argv[1:]
    app.run(config={"server.address": address, "server.port": int(port)})
