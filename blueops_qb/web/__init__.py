"""Admin pages: a WSGI app that any host can mount; views parse, call the engine and render."""
