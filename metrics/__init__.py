"""Facts to Prometheus: an injected registry and the page that shows it."""
