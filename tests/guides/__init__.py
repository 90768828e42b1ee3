"""The guides of docs/guides that are walked step by step: read, walked in a browser, and pictured on the way.

A step of a guide is a heading with a number; what stands in bold is what the reader sees on the page at that step. A
walk does each step in the guide's order, and fails where the guide says something else than the page.
`./run screenshots` walks the same and writes the pictures.
"""
