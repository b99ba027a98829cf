"""Training data: folders of pictures, a cache of decoded pictures, batches of views."""
