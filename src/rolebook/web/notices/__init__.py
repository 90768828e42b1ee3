"""Pages about notices: how often one is reminded, the calendar's address, and the links of a digest."""
