"""The composition root: settings, urls, the WSGI callable, and the wiring of all layers. Nothing imports it."""
