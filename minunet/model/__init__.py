"""What a trained network is: its experiment, its weights in a file, and how it predicts any picture."""

from minunet.model.trained import Model, load_model

__all__ = ["Model", "load_model"]
