"""geoplan: plans and checks the layout of elderly-care facilities in a county, on its road network."""

__version__ = "0.1.0"
