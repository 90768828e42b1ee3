"""Addresses of the program pages; the account pages have their own list."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
