"""What others read and write: PyTorch's order of axes, its state dicts, safetensors, ONNX."""
