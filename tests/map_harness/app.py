"""Serves the page beside it as the app is served, with the same routes and headers, but without the look of its pages."""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from geoplan.web import server

app = st.App(Path(__file__).with_name("page.py"), routes=server.routes(), middleware=[Middleware(server.Headers)])
