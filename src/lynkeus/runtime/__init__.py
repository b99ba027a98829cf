"""Inference without PyTorch: ONNX Runtime sessions and model cards."""
