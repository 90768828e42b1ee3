"""Addresses of the program pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
