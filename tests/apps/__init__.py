"""Public apps behind the layer, each as it comes from PyPI: `make nox ARGS="-s apps"`."""
