"""The app in the browser: pages that show an assessment, and nothing that computes one.

``state`` is what the reader asked for, ``service`` and ``cache`` get the answer, ``rows`` and ``findings`` lay it out as tables,
``parts`` are pieces that several pages use, ``pages_*`` are the pages, ``entry`` is where Streamlit starts.
"""
