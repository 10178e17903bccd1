"""The app on the workspace in ``GEOPLAN_WORKSPACE`` or the current folder: ``streamlit run app.py``."""

import streamlit as st

from geoplan.web import server

app = st.App(server.SCRIPT, routes=server.routes(), middleware=server.middleware(), lifespan=server.lifespan)
