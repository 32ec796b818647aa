"""Trains Foregate's demo models: small Mixture-of-Experts language models, from raw text to GGUF."""
