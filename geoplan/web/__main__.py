"""Serves the app: ``python -m geoplan.web``; address and port come from Streamlit's settings."""

import streamlit as st

from geoplan.web import server

app = st.App(server.SCRIPT, routes=server.routes(), middleware=server.middleware())

if __name__ == "__main__":
    app.run()
