"""The composition root: settings, urls, the WSGI callable, the wiring. No other layer imports it."""
