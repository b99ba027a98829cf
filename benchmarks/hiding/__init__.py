"""Hide-and-Seek against none, CutOut, random erasing and dropout of pixels: seven families, three seeds each."""
