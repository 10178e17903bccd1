"""Serves the page beside it as the app is served: with the same routes and headers."""

from pathlib import Path

import streamlit as st

from geoplan.web import server

app = st.App(Path(__file__).with_name("page.py"), routes=server.routes(), middleware=server.middleware())
