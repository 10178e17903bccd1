"""Open data made into layers: OpenStreetMap by the name of a place, people out of population rasters."""
