"""Work that runs beside requests: the worker, its schedule, and what it calls when something is due."""
