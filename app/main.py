"""The wiring: settings in, application out."""
