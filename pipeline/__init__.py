"""How it is run: command line, settings, sources, the graph, workers, progress."""
