"""The app on the workspace in ``GEOPLAN_WORKSPACE`` or the current folder: ``streamlit run app.py``."""

from geoplan.web.entry import main

main()
