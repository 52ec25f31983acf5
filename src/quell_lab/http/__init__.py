"""HTTP/1.1 with keep-alive, limits and timeouts: just enough for small services that call each other."""
